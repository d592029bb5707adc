"""`LocalMean` in operations that an exported graph has for every size of picture."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.networks.nafnet import LocalMean


class AnySizeMean(LocalMean):
    """Average over a square around each pixel, as `LocalMean`, without asking how large the picture is.

    `LocalMean` takes a shorter way where its square covers the picture. An exported graph has one way for all sizes:
    here the square shrinks to the picture, and all its pixels have the same average then.

    Args:
        side: of the square, in pixels.
    """

    side: int

    def _along(self, features: Tensor, axis: int) -> Tensor:
        length = torch.as_tensor(features.shape[axis], device=features.device)  # a tensor, which tracing follows
        side = length.clamp(max=self.side)
        sums = F.pad(features.movedim(axis, 3).cumsum(3), (1, 0))
        first = (torch.arange(features.shape[axis], device=features.device) - self.side // 2).clamp(min=0)
        first = torch.minimum(first, length - side)
        means = (sums.index_select(3, first + side) - sums.index_select(3, first)) / side
        return means.movedim(3, axis)


def any_size(network: nn.Module) -> nn.Module:
    """Put `AnySizeMean` in place of each `LocalMean` of a network that has a side; returns the network, changed."""
    for name, part in list(network.named_children()):
        if isinstance(part, LocalMean) and part.side is not None:
            setattr(network, name, AnySizeMean(part.side))
        else:
            any_size(part)
    return network
