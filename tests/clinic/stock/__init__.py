"""The controlled-drug ledger."""
