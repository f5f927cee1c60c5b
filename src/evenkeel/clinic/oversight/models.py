"""What oversight remembers."""

from evenkeel.clinic.oversight.privacy_models import PrivacyRequest

__all__ = ["PrivacyRequest"]
