"""What goes wrong here, as types with a stable code."""

from __future__ import annotations

from ..errors import PharmacologyError


class EffectsError(PharmacologyError):
    """An input or the parameter file cannot be used; `code` is stable, the message for people."""

    code = "effects"


class EffectsFileError(EffectsError):
    """The parameter file is inconsistent; the message names the entry."""

    code = "effects-file"
