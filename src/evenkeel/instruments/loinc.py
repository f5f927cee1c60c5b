"""LOINC codes and their check digit.

The check digit is the Mod 10 of the LOINC Users' Guide (appendix on check digits): from the right,
the digits in odd places are joined and doubled, those in even places appended, the digits of the
result added, and the distance to the next multiple of ten is the check digit. A wrong digit means a
mistyped code; a right one does not prove that the code is the one meant.
"""

from __future__ import annotations

import re

LOINC_SYSTEM = "http://loinc.org"

_TERM = re.compile(r"[0-9]{1,7}-[0-9]", re.ASCII)
# Answer codes (LA...) carry a check digit too, but letters enter its sum in a way the guide's
# worked example does not show, so only their form is checked.
_ANSWER = re.compile(r"LA[0-9]{1,7}-[0-9]", re.ASCII)


def check_digit(body: str) -> int:
    """The LOINC check digit of `body`, the digits before the hyphen.

    Raises ValueError unless `body` is one or more ASCII digits.
    """
    if not re.fullmatch(r"[0-9]+", body, re.ASCII):
        raise ValueError(f"a LOINC code body is ASCII digits, not {body!r}")
    odd = body[::-1][::2][::-1]
    even = body[::-1][1::2]
    total = sum(int(digit) for digit in str(int(odd) * 2) + even)
    return -total % 10


def is_term_code(code: str) -> bool:
    """True for a LOINC term code, such as 44249-1, whose check digit holds."""
    if not _TERM.fullmatch(code):
        return False
    body, _, digit = code.partition("-")
    return check_digit(body) == int(digit)


def is_answer_code(code: str) -> bool:
    """True for the form of a LOINC answer code, such as LA6568-5 (form only)."""
    return _ANSWER.fullmatch(code) is not None
