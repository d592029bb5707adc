"""Photographs as files: read to tensors, written back with all that the file knew beside its pixels.

Names load on first use, so that a list of suffixes costs no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
