"""The rules, one file a family; importing this package registers them all, in reading order."""

from . import (  # noqa: F401, I001  (the order is the order of findings)
    contraindications,
    heart,
    mind,
    substances,
    body,
    indication,
    medicines,
    today,
    contradictions,
    unread,
)
