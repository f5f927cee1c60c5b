"""Questionnaire: the form as it was asked."""
