"""What Richardson-Lucy asks of each blurry pixel, with and without the sensor's ceiling (Whyte et al. 2014).

A ratio is 1 where reblurred and blurry agree, above where light is missing.
"""

import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.physics import saturate, saturate_derivative

DARKEST = 1e-6  # of linear light, as in the published code; keeps quotients finite
CLIPPED = 0.97  # of linear light: a blurry pixel as bright tells only that there was as much or more
LINEAR = 0.6  # of linear light: up to it R is the identity and R' is 1, to 3e-9; to work out R for all is slow
SATURATED = 0.99  # of display range: brighter restored pixels may have been clipped


def ratio(light: Tensor, reblurred: Tensor) -> Tensor:
    """``v / A u``."""
    return light / (reblurred + DARKEST)


def saturated_ratio(light: Tensor, reblurred: Tensor, trusted: Tensor | None = None) -> Tensor:
    """``v R'(A u) / R(A u) + 1 - R'(A u)``: a clipped pixel asks for nothing.

    Args:
        light: blurry v, linear.
        reblurred: A u, linear, not clipped, of the same shape.
        trusted: 1 where the pixel counts, 0 where it asks for nothing either, ``[N, 1, H, W]``; None counts all.
    """
    asked = ratio(light, reblurred).contiguous()
    bright = (reblurred > LINEAR).flatten().nonzero().squeeze(1)
    seen, recorded = (values.flatten().index_select(0, bright) for values in (light, reblurred))
    theirs = (seen / (saturate(recorded) + DARKEST) - 1) * saturate_derivative(recorded) + 1
    asked.view(-1).index_copy_(0, bright, theirs)
    return asked if trusted is None else asked.sub_(1).mul_(trusted).add_(1)


def unsaturated_share(display: Tensor) -> Tensor:
    """Share of each restored pixel that is safely below the ceiling, in [0, 1].

    Pixels below 0.99 none of whose 3 x 3 neighbours reaches it, averaged over 3 x 3 (zeros beyond the border, as
    published).
    """
    bright = F.max_pool2d((display >= SATURATED).to(display.dtype), 3, stride=1, padding=1)
    return F.avg_pool2d(1 - bright, 3, stride=1, padding=1)
