"""Plain nn.Modules: the networks of both papers."""

from deblur_lightning.networks.adaptive_basis import AdaptiveBasisNetwork

__all__ = ["AdaptiveBasisNetwork"]
