"""Trials, pooled, with how sure they are. Pure: no framework, no patient record."""
