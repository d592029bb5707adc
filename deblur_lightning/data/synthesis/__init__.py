"""Pairs of blurry and sharp pictures, made once and kept as files: of photographs, or of a video."""
