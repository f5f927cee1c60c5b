"""FHIR Condition."""
