"""Scores: exact benchmark protocols as functions, torchmetrics shells over them."""
