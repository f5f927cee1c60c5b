"""An app whose second migration fails, after its first has changed the database."""
