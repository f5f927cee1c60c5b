"""Rows as they are collected from publications, in words, made into recipes by fixed rules.

A collected row says in text what was given to whom and what was read (``metrics`` for
concentrations, ``values`` for effects). Each number of it becomes a target with a recipe, or is
refused with the reason. Nothing is guessed: a word that no rule knows refuses the number. What the
rules took for granted stands in the note of the target.
"""

from .reading import read_collected

__all__ = ["read_collected"]
