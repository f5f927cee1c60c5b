"""The living style guide, for those who build pages; it shows invented people only."""

from __future__ import annotations

from evenkeel.clinic.record.permissions import PUBLIC
from evenkeel.clinic.record.routes import page
from evenkeel.web.kit import kit

style_guide = page(PUBLIC)(kit)
