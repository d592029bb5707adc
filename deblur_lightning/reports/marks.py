"""Marks by which files that were made here, and may be made anew, are told from other people's."""

DRAWN = "drawn by deblur"
"""Among the metadata of every figure."""

WRITTEN = "<!-- written by deblur -->"
"""In the page of results and in the file of all tables; both formats take it for a comment."""
