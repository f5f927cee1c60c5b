"""Published observations against what the models say, and how far that can be trusted.

The targets, their bands and their roles were fixed before any was run; nothing here changes a
model.
"""
