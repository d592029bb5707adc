"""Which gradients a kernel is read off: the strong ones, and more of them from turn to turn."""

import math

import numpy as np
import torch
from torch import Tensor

SECTORS = 4  # directions of gradients, opposite ones alike
RELAXED = 1.1  # the threshold falls by this from turn to turn


def strong_edges(gradient: Tensor, threshold: float) -> Tensor:
    """Set gradients ``[2, H, W]`` to zero whose length is below a threshold."""
    return gradient * (gradient.square().sum(0) >= threshold**2)


def first_threshold(gradient: Tensor, count: int) -> float:
    """Find the largest threshold that leaves enough gradients in each of four sectors of direction.

    Args:
        gradient: ``[2, H, W]``.
        count: gradients to leave in each sector; a sector that has fewer keeps all.

    Returns:
        Length of the shortest gradient that is left, in the units of ``gradient``; 0 where a sector keeps all.

    Source:
        Cho and Lee 2009, section 4 (their sectors are of 45 degrees; so are these).
    """
    across, down = gradient
    length = gradient.square().sum(0).sqrt()
    sector = (torch.atan2(down, across) % math.pi / (math.pi / SECTORS)).long().clamp(max=SECTORS - 1)
    least = [length[sector == one] for one in range(SECTORS)]
    return min(float(some.topk(count).values[-1]) if some.numel() > count else 0.0 for some in least)


def strongest(gradient: Tensor, share: float) -> Tensor:
    """Keep the longest gradients ``[2, H, W]`` that hold a share of the squares' sum, and set the others to zero.

    By squares rather than by number, so that a large sky does not make its noise one of the strongest.

    Args:
        gradient: ``[2, H, W]``.
        share: in [0, 1].

    Returns:
        ``[2, H, W]``.
    """
    squares = gradient.square().sum(0)
    rising = np.sort(squares.flatten().numpy(force=True))  # in a third of the time that PyTorch takes
    largest = torch.from_numpy(rising).flip(0).to(squares.device)
    held = largest.cumsum(0)
    last = int((held < share * held[-1]).sum())
    return gradient * (squares >= largest[min(last, len(largest) - 1)])
