"""FHIR AllergyIntolerance."""
