"""See each pixel's motion, then undo it.

Names load on first use, so that importing the package stays cheap; ``__init__.pyi`` is the table of contents.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
