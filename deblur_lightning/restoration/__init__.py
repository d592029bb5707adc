"""Deconvolution with a known motion field."""
