"""How a scene moves during the exposure: the camera as a whole, turning, objects apart, or nothing at all."""

from abc import ABC, abstractmethod
from functools import cache

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data.checks import check_range, check_share
from deblur_lightning.data.scenes.sources import Labels
from deblur_lightning.field import KernelField
from deblur_lightning.physics import kernels_along, scene_field, shake_trajectories, turning_field
from deblur_lightning.physics.smooth_paths import frame_moments, smooth_paths

BANKED, MOMENTS = 2048, 400  # shaken paths drawn once, and the moments kept of each
FRAMES = (5, 16)  # averaged by those exposures that come from video
GRID = 3  # nodes of a turning camera's field in each direction: enough for a crop


class Motion(ABC):
    """A kind of motion, one entry of ``motions`` in YAML.

    Attributes:
        weight: how often it is drawn, relative to the other kinds.
    """

    weight: float

    @abstractmethod
    def draw(self, labels: Labels, kernel_size: int, generator: np.random.Generator) -> KernelField:
        """Draw the field of a scene's inner pixels.

        Args:
            labels: which pixels move together, ``[H + K - 1, W + K - 1]``, 0 for the background.
            kernel_size: largest side K of the kernels, odd.
            generator: the source of all randomness.

        Returns:
            ``[1, B, K', K']`` and ``[1, B, H, W]``, with K' at most K: no larger than the motion.
        """


class Unmoved(Motion):
    """Nothing moves: what is sharp, soft, noisy or compressed stays so.

    Args:
        weight: how often it is drawn, relative to the other kinds.
    """

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def draw(self, labels: Labels, kernel_size: int, generator: np.random.Generator) -> KernelField:
        height, width = (side - kernel_size + 1 for side in labels.shape)
        return KernelField(torch.ones(1, 1, 1, 1), torch.ones(1, 1, height, width))


class CameraMotion(Motion):
    """The camera shifts, and at times turns; the whole scene moves.

    Args:
        weight: how often it is drawn, relative to the other kinds.
        extent: range of the kernels' sides, in pixels; of a turning camera, of its longest kernel's. Longer ones are
            as long as a kernel can be.
        turning: share of exposures during which it turns as well.
        rotation: range of the angle that it turns by, in radians, before all is scaled to the extent.
        smooth: share of exposures whose path is nearly straight; the others tremble as a hand does.
        video: share of exposures put together from 5 to 16 video frames.

    Raises:
        ValueError: a share outside [0, 1], or a range whose ends are swapped or negative.
    """

    def __init__(
        self,
        weight: float = 1.0,
        extent: tuple[float, float] = (0.0, 32.0),
        turning: float = 0.5,
        rotation: tuple[float, float] = (0.02, 0.25),
        smooth: float = 0.4,
        video: float = 0.3,
    ) -> None:
        check_range("extent", extent)
        check_range("rotation", rotation)
        for name, share in (("turning", turning), ("smooth", smooth), ("video", video)):
            check_share(name, share)
        self.weight, self.extent, self.turning, self.rotation = weight, extent, turning, rotation
        self.smooth, self.video = smooth, video

    def draw(self, labels: Labels, kernel_size: int, generator: np.random.Generator) -> KernelField:
        height, width = (side - kernel_size + 1 for side in labels.shape)
        shift, turn = draw_paths(2, self.smooth, self.video, generator)
        side = min(generator.uniform(*self.extent), kernel_size - 1)
        if generator.random() >= self.turning:
            kernels = kernels_along(shift.unsqueeze(0), kernel_size, sides=torch.tensor([side]).double())
            return KernelField(trimmed(kernels).unsqueeze(0), torch.ones(1, 1, height, width))
        angle = turn[:, 0] * (generator.uniform(*self.rotation) / np.ptp(turn[:, 0].numpy()).clip(1e-9))
        field = turning_field((height, width), kernel_size, shift, angle, side / 2, GRID)
        return field._replace(basis=trimmed(field.basis[0]).unsqueeze(0))


class ObjectMotion(Motion):
    """Objects move, each with a kernel of its own, before a background that moves too or holds still.

    Args:
        weight: how often it is drawn, relative to the other kinds.
        extent: range of the kernels' sides, in pixels; longer ones are as long as a kernel can be.
        still: share of exposures with objects whose background does not move.
        parallax: share of the others whose objects follow the background's path, only further or less far.
        smooth: as of `CameraMotion`.
        video: as of `CameraMotion`.

    Raises:
        ValueError: as `CameraMotion`.
    """

    def __init__(
        self,
        weight: float = 1.0,
        extent: tuple[float, float] = (0.0, 32.0),
        still: float = 0.45,
        parallax: float = 0.2,
        smooth: float = 0.4,
        video: float = 0.3,
    ) -> None:
        check_range("extent", extent)
        for name, share in (("still", still), ("parallax", parallax), ("smooth", smooth), ("video", video)):
            check_share(name, share)
        self.weight, self.extent, self.still, self.parallax = weight, extent, still, parallax
        self.smooth, self.video = smooth, video

    def draw(self, labels: Labels, kernel_size: int, generator: np.random.Generator) -> KernelField:
        present, numbered = np.unique(labels, return_inverse=True)
        layers = len(present)
        paths = draw_paths(layers, self.smooth, self.video, generator)
        sides = generator.uniform(*self.extent, layers).clip(0, kernel_size - 1)
        if layers > 1 and generator.random() < self.still:
            sides[present == 0] = 0
        elif generator.random() < self.parallax:
            paths = paths[:1].expand(layers, -1, -1)
        kernels = trimmed(kernels_along(paths, kernel_size, sides=torch.from_numpy(sides)))
        margin = (kernel_size - kernels.shape[-1]) // 2
        inner = numbered.reshape(labels.shape)[margin : len(labels) - margin, margin : labels.shape[1] - margin]
        masks = torch.from_numpy(np.stack([inner == layer for layer in range(layers)], dtype=np.float32))
        return scene_field(masks.unsqueeze(0), kernels.unsqueeze(0))


def draw_paths(count: int, smooth: float, video: float, generator: np.random.Generator) -> Tensor:
    """Draw paths of one exposure: all smooth or all trembling, exposed throughout or in video frames.

    Args:
        count: number N of paths.
        smooth: chance of smooth ones.
        video: chance of an exposure made of video frames.
        generator: the source of all randomness.

    Returns:
        Positions ``[N, T, 2]``, of any size, float64.
    """
    moments = torch.linspace(0, 1, MOMENTS)
    if generator.random() < video:
        moments = frame_moments(int(generator.integers(*FRAMES, endpoint=True)), generator.uniform(0.1, 1))
    if generator.random() < smooth:
        drawn = torch.Generator().manual_seed(int(generator.integers(2**63)))
        return smooth_paths(count, moments, generator=drawn)
    paths = shaken_paths()[generator.integers(BANKED, size=count)][:, (moments * (MOMENTS - 1)).round().long().numpy()]
    angle, mirror = generator.uniform(0, 2 * np.pi, count), generator.choice((-1.0, 1.0), count)
    cosine, sine = np.cos(angle), np.sin(angle)
    turns = np.stack((np.stack((cosine, -sine), -1), np.stack((mirror * sine, mirror * cosine), -1)), axis=1)
    return torch.from_numpy(np.einsum("nts,nds->ntd", paths, turns))


@cache
def shaken_paths() -> np.ndarray:
    """Follow many shaking hands at once, ``[2048, 400, 2]``: turned and mirrored anew, they suffice for millions."""
    paths = shake_trajectories(BANKED, generator=torch.Generator().manual_seed(0))
    places = np.linspace(0, paths.shape[1] - 1, MOMENTS).round().astype(np.intp)
    return np.ascontiguousarray(paths.numpy()[:, places])


def trimmed(kernels: Tensor) -> Tensor:
    """Cut the zeros around kernels ``[B, K, K]`` off, as many on each side, so that their centres stay."""
    radius = kernels.shape[-1] // 2
    rows = (kernels.amax(dim=0) > 0).nonzero()
    reach = int((rows - radius).abs().max())
    inner = slice(radius - reach, radius + reach + 1)
    return kernels[:, inner, inner].contiguous()
