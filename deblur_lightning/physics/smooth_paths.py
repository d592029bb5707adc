"""Smooth, nearly straight motion, as a panning camera or a walking person makes; and the moments a video sees of it."""

import torch
from torch import Tensor


def smooth_paths(
    count: int, moments: Tensor, *, generator: torch.Generator, bend: float = 0.35, speeding: float = 0.3
) -> Tensor:
    """Draw paths of unit length in any direction, slightly bent, at a speed that changes slightly.

    ``p(t) = R (t + s t^2, b t^2 + c t^3)`` for t from -1/2 to 1/2, with R a random rotation, s normal of deviation
    ``speeding``, b and c normal of deviation ``bend``.

    Args:
        count: number N of paths.
        moments: T times of the exposure, in [0, 1].
        generator: source of all randomness, on the CPU.
        bend: deviation of the bends, as a share of the length.
        speeding: deviation of the change of speed.

    Returns:
        Positions ``[N, T, 2]`` as (x, y), float64.

    Source:
        Ours.
    """
    time = moments.double() - 0.5
    first, second, third = torch.randn(3, count, 1, generator=generator, dtype=torch.float64)
    angle = 2 * torch.pi * torch.rand(count, 1, generator=generator, dtype=torch.float64)
    along = time + speeding * first * time**2
    across = bend * (second * time**2 + third * time**3)
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack((cosine * along - sine * across, sine * along + cosine * across), dim=-1)


def frame_moments(frames: int, open_share: float, samples: int = 8) -> Tensor:
    """List the moments of an exposure that is put together from video frames, each open for a share of its time.

    Args:
        frames: number F of frames averaged.
        open_share: share of a frame's time that its own shutter is open, in [0, 1].
        samples: moments within each frame.

    Returns:
        Times ``[F * samples]`` in [0, 1], in order; they lie evenly within each frame.
    """
    within = (torch.arange(samples) + 0.5) / samples * open_share
    return ((torch.arange(frames).unsqueeze(1) + within) / frames).flatten()
