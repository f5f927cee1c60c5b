"""QuestionnaireResponse: what a person answered, with the total it adds up to."""
