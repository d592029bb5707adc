"""The one way of a photo: exposure, estimate, restoration; torch alone, no Lightning.

Names load on first use, so that where a checkpoint is can be told without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
