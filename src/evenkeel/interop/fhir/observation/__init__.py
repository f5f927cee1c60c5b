"""FHIR Observation."""
