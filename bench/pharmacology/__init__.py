"""The workloads of ``evenkeel bench pharmacology``, their references, peers and physical limits."""
