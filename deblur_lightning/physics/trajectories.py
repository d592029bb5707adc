"""Random camera shake: the path of a hand that tries to hold still (Boracchi and Foi; as DeblurGAN draws it)."""

import math

import torch
from torch import Tensor

ANXIETY = (0.01, 0.009, 0.008, 0.007, 0.005, 0.003)  # DeblurGAN's choices


def shake_trajectories(
    count: int,
    *,
    generator: torch.Generator,
    samples: int = 2000,
    length: float = 60.0,
    anxiety: float | None = None,
) -> Tensor:
    """Draw random paths of constant speed whose direction wanders, is pulled back and is at times thrown over.

    All paths advance together, one sample a step. Each path draws its own pull ``0.7 U``, tremor ``10 U`` and
    chance of an impulse ``0.2 U``.

    Args:
        count: number N of paths.
        generator: source of all randomness, on the CPU.
        samples: T, positions along each path, equally spaced in time.
        length: of each path, in pixels.
        anxiety: how strongly all three act; None draws each path's from DeblurGAN's six values.

    Returns:
        Positions ``[N, T, 2]`` as (x, y) in pixels, float32, from (0, 0) on.

    Raises:
        ValueError: fewer than two samples, or no path.

    Source:
        Kupyn et al. 2018, section 4.1 (arXiv 1711.07064), after Boracchi and Foi 2012.
    """
    if count < 1 or samples < 2:
        raise ValueError(
            f"count is {count} and samples {samples}, but a path needs two. Pass count >= 1, samples >= 2."
        )

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    pull, impulse_chance, tremor = 0.7 * uniform(count), 0.2 * uniform(count), 10 * uniform(count)
    nerves = torch.tensor(ANXIETY)[torch.randint(len(ANXIETY), (count,), generator=generator)]
    if anxiety is not None:
        nerves = torch.full((count,), anxiety)
    step = length / (samples - 1)
    direction = torch.polar(torch.ones(count), 2 * math.pi * uniform(count))
    thrown = uniform(samples - 1, count) < impulse_chance * nerves
    turn = torch.polar(torch.full((samples - 1, count), 2.0), math.pi + uniform(samples - 1, count) - 0.5) * thrown
    noise = torch.view_as_complex(torch.randn(samples - 1, count, 2, generator=generator)) * (nerves * tremor)
    restoring = nerves * pull * step  # positions are in steps, so that speed 1 is one step
    positions = torch.zeros(samples, count, dtype=torch.complex64)
    position = positions[0]
    for now in range(samples - 1):
        direction = direction + direction * turn[now] + noise[now] - restoring * position
        direction = direction / direction.abs()
        position = position + direction
        positions[now + 1] = position
    return torch.view_as_real(positions.T.contiguous()) * step
