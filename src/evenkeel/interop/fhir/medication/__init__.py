"""FHIR MedicationRequest, MedicationStatement and the Medication they name."""
