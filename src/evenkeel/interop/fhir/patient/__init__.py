"""FHIR Patient."""
