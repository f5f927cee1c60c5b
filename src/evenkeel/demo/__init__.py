"""The demonstration clinic: synthetic people brought through the product's own actions.

Nothing here is reached from a real installation: :mod:`evenkeel.cli.demo` is the only way in, and a
database it founds is a demonstration for ever.
"""
