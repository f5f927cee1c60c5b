"""Across sessions: what the scores of a course lead to expect, and when to come back."""
