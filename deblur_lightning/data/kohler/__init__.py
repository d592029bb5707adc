"""Köhler's benchmark: blurry shots and all their sharp frames."""
