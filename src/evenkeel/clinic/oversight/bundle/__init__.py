"""The inspection bundle: what an inspector takes away, and how it is checked without a clinic.

``parts.py`` lists the parts, one module each. ``opening.py``, ``checking.py``, ``ledger_check.py``,
``audit_check.py`` and ``range_proof.py`` know no framework and no database.
"""
