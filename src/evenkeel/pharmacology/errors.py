"""What can go wrong in this room, said so that the reader knows what to mend."""

from __future__ import annotations


class PharmacologyError(ValueError):
    """The base of all errors of this room. ``code`` is stable; the text is for people."""

    code = "pharmacology"


class ModelError(PharmacologyError):
    """A model file is inconsistent. Names the file, the line and what is wrong there."""

    code = "model"

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}, line {line}: {message}")
        self.file = file
        self.line = line
        self.message = message


class ExpressionError(PharmacologyError):
    """A formula of a model file cannot be read or worked out."""

    code = "expression"


class RegimenError(PharmacologyError):
    """A regimen nobody could give: a negative dose, overlapping infusions, an unknown route."""

    code = "regimen"


class PeopleError(PharmacologyError):
    """Covariates no person can have, or arrays of different lengths."""

    code = "people"


class TimesError(PharmacologyError):
    """Output times that are not finite, negative or not in order."""

    code = "times"


class AskedError(PharmacologyError):
    """An output, filter, stage or kernel that is not there, or values that fit no people."""

    code = "asked"
