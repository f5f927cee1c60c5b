"""The medical director's page: figures over time, and which of their ups and downs are chance."""
