"""Whole jobs, one a file: what a command does once its arguments are read."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
