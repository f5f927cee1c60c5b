"""evenkeel: the open, self-hosted system for supervised ketamine treatment."""

__version__ = "0.1.0"
