"""A person's whole record to hand out: readable, as FHIR, and every row as it is kept."""
