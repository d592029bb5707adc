"""Marks by which files that were made here, and may be made anew, are told from other people's."""

DRAWN = "drawn by deblur"
"""Among the metadata of every figure."""
