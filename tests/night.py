"""A scene at night with lamps in it, taken by a moving camera."""

import numpy as np
import torch
from scipy.signal import fftconvolve

from deblur_lightning.data.scenes.dead_leaves import dead_leaves


def path(turns=((0, 9), (7, 0)), size=33):
    """A kernel whose light goes by these steps from near its upper left, evenly; centred."""
    kernel, place = torch.zeros(size, size), np.array([size // 2 - 4, size // 2 - 5])
    for step in turns:
        for _ in range(max(map(abs, step))):
            kernel[tuple(place)] += 1
            place = place + np.sign(step)
    return kernel / kernel.sum()


def wide(scene):
    """Give points of light a width: 3 x 3 pixels, of unit sum."""
    rows = torch.tensor([0.25, 0.5, 0.25])
    return torch.nn.functional.conv2d(scene[:, None], torch.outer(rows, rows)[None, None], padding=1)[:, 0]


def lamps(side=160, count=12, light=(2.0, 60.0), margin=26, seed=0):
    """Points of light of several colours on a grid that is shaken a little, ``[3, H, W]``, and where they are."""
    random = np.random.default_rng(seed)
    across = int(np.ceil(np.sqrt(count)))
    grid = np.stack(np.meshgrid(*[np.linspace(margin, side - margin, across)] * 2, indexing="ij"), -1).reshape(-1, 2)[
        :count
    ]
    places = (grid + random.uniform(-4, 4, grid.shape)).round().astype(int)
    scene = np.zeros((3, side, side))
    for (row, column), power in zip(places, random.uniform(*np.log(light), count), strict=True):
        scene[:, row, column] = np.exp(power) * random.uniform(0.5, 1, 3)
    return torch.from_numpy(scene).float(), places


def ground(side=160, level=0.03, seed=3):
    """What the lamps stand before, ``[3, H, W]``, dark: dead leaves."""
    leaves = dead_leaves(side, np.random.default_rng(seed))
    return level * (torch.tensor(leaves).permute(2, 0, 1).float() / 255) ** 2.2


def taken(scene, kernel, noise=0.002):
    """Correlate the light of a scene ``[3, H, W]`` with a kernel, clip it, add noise; linear light."""
    flipped = kernel.flip(0, 1).double().numpy()
    blurry = np.stack([fftconvolve(colour, flipped, "same") for colour in scene.double().numpy()])
    noisy = blurry + noise * np.random.default_rng(4).normal(size=blurry.shape)
    return torch.from_numpy(noisy).clamp(0, 1).float()
