"""FHIR Bundle."""
