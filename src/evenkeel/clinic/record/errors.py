"""Errors a person can act on. Each has a stable code, a plain sentence and what to do next."""

from __future__ import annotations


class DomainError(Exception):
    """Base of every refusal the product makes on purpose.

    ``code`` never changes once released; ``message`` says what is wrong and ``what_to_do``
    what would resolve it. ``fields`` maps a form field to its message.
    """

    code = "error"
    status = 400
    title = "That could not be done"

    def __init__(
        self,
        message: str,
        *,
        what_to_do: str = "",
        code: str | None = None,
        fields: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.what_to_do = what_to_do
        self.fields = fields or {}
        if code:
            self.code = code

    def as_problem(self) -> dict[str, object]:
        """This error as an RFC 9457 problem document."""
        problem: dict[str, object] = {
            "type": f"urn:evenkeel:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
        }
        if self.what_to_do:
            problem["what_to_do"] = self.what_to_do
        if self.fields:
            problem["fields"] = self.fields
        return problem


class Invalid(DomainError):
    """The input is wrong in itself."""

    code = "invalid"
    status = 422
    title = "Please check what was entered"


class Refused(DomainError):
    """The input is sound, but the state of the record does not allow the act now."""

    code = "refused"
    status = 409
    title = "Not possible now"


class Conflict(DomainError):
    """Somebody else changed the same thing, or a key was used twice for different content."""

    code = "conflict"
    status = 409
    title = "Changed meanwhile"


class NotFound(DomainError):
    """There is no such thing, or it is not this person's to see; the two look alike on purpose."""

    code = "not_found"
    status = 404
    title = "Not found"


class Forbidden(DomainError):
    """This person's role does not allow the act."""

    code = "forbidden"
    status = 403
    title = "Not permitted"


class Locked(DomainError):
    """The sign-in has been idle: the screen stays readable, acting asks for the PIN again."""

    code = "locked"
    status = 401
    title = "Enter your PIN to act"


class RecordError(RuntimeError):
    """A programming error: clinical rows were touched outside an action."""
