"""Camera-shake kernels as they are usually made: one path, one step, one pixel after the other."""

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from deblur_lightning.physics.trajectories import ANXIETY


def plain_kernel(random: np.random.Generator, size: int, samples: int = 2000, length: float = 60.0) -> NDArray:
    """Follow one path of the same process as `shake_kernels` and expose it to the sensor."""
    path = plain_trajectory(random, samples, length)
    path -= path.mean()
    reach = max(abs(path.real).max(), abs(path.imag).max())
    return plain_point_spread(path * min(1.0, size // 2 / reach), size)


def plain_trajectory(random: np.random.Generator, samples: int, length: float) -> NDArray:
    """Take one step after the other."""
    anxiety = random.choice(ANXIETY)
    pull, chance, tremor = 0.7 * random.random(), 0.2 * random.random(), 10 * random.random()
    step = length / (samples - 1)
    velocity = step * cmath.exp(2j * math.pi * random.random())
    path = np.zeros(samples, complex)
    for now in range(samples - 1):
        change = 0j
        if random.random() < chance * anxiety:
            change = 2 * velocity * cmath.exp(1j * (math.pi + random.random() - 0.5))
        push = complex(random.standard_normal(), random.standard_normal())
        change += anxiety * (tremor * push - pull * path[now]) * step
        velocity += change
        velocity *= step / abs(velocity)
        path[now + 1] = path[now] + velocity
    return path


def plain_point_spread(path: NDArray, size: int) -> NDArray:
    """Share each position's light among four pixels."""
    picture = np.zeros((size, size))
    for position in path:
        x, y = -position.real + size // 2, -position.imag + size // 2
        left, top = min(int(x), size - 2), min(int(y), size - 2)
        right, below = x - left, y - top
        picture[top, left] += (1 - right) * (1 - below)
        picture[top, left + 1] += right * (1 - below)
        picture[top + 1, left] += (1 - right) * below
        picture[top + 1, left + 1] += right * below
    return picture / len(path)
