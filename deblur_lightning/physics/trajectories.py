"""Random camera shake: the path of a hand that tries to hold still (Boracchi and Foi; as DeblurGAN draws it)."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ANXIETY = (0.01, 0.009, 0.008, 0.007, 0.005, 0.003)  # DeblurGAN's choices
STEPS_AT_ONCE = 50  # their positions stay in cache


class Tremors(NamedTuple):
    """All that is random about N paths, drawn before their first step: paths of several generators run together.

    Velocities have length 1 and positions count steps.

    Attributes:
        heading: first direction, ``[2, N]``.
        pull: acceleration back to the start, per step away from it, ``[N]``.
        pushes: random acceleration at each step, ``[T - 1, 2, N]``.
        impulses: angle between the velocity and a sudden throw, in radians; NaN where there is none, ``[T - 1, N]``.
        step: pixels a step.
    """

    heading: Tensor
    pull: Tensor
    pushes: Tensor
    impulses: Tensor
    step: float

    @classmethod
    def draw(
        cls,
        count: int,
        *,
        generator: torch.Generator,
        samples: int = 2000,
        length: float = 60.0,
        anxiety: float | None = None,
    ) -> Self:
        """Draw what makes ``count`` paths differ; arguments as of `shake_trajectories`."""
        if count < 1 or samples < 2:
            raise ValueError(
                f"count is {count} and samples {samples}, but a path needs two. Pass count >= 1, samples >= 2."
            )
        if not 0 <= length < math.inf:
            raise ValueError(f"length is {length}, but a path is as many pixels long. Pass 0 or more.")
        if anxiety is not None and not 0 <= anxiety < math.inf:
            raise ValueError(f"anxiety is {anxiety}, but it multiplies forces. Pass 0 or more, as 0.005.")

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator)

        step = length / (samples - 1)
        nerves = torch.tensor(ANXIETY)[torch.randint(len(ANXIETY), (count,), generator=generator)]
        if anxiety is not None:
            nerves = torch.full((count,), anxiety)
        pull, chance, tremor = 0.7 * uniform(count), 0.2 * uniform(count), 10 * uniform(count)
        angle = 2 * math.pi * uniform(count).double()
        pushes = torch.randn(samples - 1, 2, count, generator=generator).mul_(nerves * tremor)
        thrown = uniform(samples - 1, count) < chance * nerves
        impulses = torch.full((samples - 1, count), torch.nan)
        impulses[thrown] = math.pi - 0.5 + uniform(int(thrown.sum()))
        return cls(torch.stack((angle.cos(), angle.sin())), (nerves * pull * step).double(), pushes, impulses, step)

    @classmethod
    def cat(cls, tremors: Sequence[Self]) -> Self:
        """Join draws of one length and number of samples."""
        heading, pull, pushes, impulses = (
            torch.cat([getattr(some, name) for some in tremors], -1)
            for name in ("heading", "pull", "pushes", "impulses")
        )
        return cls(heading, pull, pushes, impulses, tremors[0].step)


def shake_trajectories(
    count: int,
    *,
    generator: torch.Generator,
    samples: int = 2000,
    length: float = 60.0,
    anxiety: float | None = None,
) -> Tensor:
    """Draw random paths of constant speed whose direction wanders, is pulled back and is at times thrown over.

    Each path draws its own pull ``0.7 U``, tremor ``10 U`` and chance of an impulse ``0.2 U``.

    Args:
        count: number N of paths.
        generator: source of all randomness, on the CPU.
        samples: T, positions along each path, equally spaced in time.
        length: of each path, in pixels.
        anxiety: how strongly all three act; None draws each path's from DeblurGAN's six values.

    Returns:
        Positions ``[N, T, 2]`` as (x, y) in pixels, float64, from (0, 0) on.

    Raises:
        ValueError: fewer than two samples, no path, or a length or anxiety below 0.

    Source:
        Kupyn et al. 2018, motion blur generation (arXiv 1711.07064), after Boracchi and Foi 2012.
    """
    return follow_tremors(Tremors.draw(count, generator=generator, samples=samples, length=length, anxiety=anxiety))


def follow_tremors(tremors: Tremors) -> Tensor:
    """Let all paths advance together, one sample a step.

    ``dv = impulse + a (gaussian (n1 + i n2) - centripetal x) L / (T - 1)``, and v + dv is brought back to the length
    L / (T - 1). Plain real arithmetic, so a path is the same bit for bit whichever others run along with it.

    Args:
        tremors: what was drawn for N paths.

    Returns:
        Positions ``[N, T, 2]``, as of `shake_trajectories`; in memory each path's x lie side by side, then its y.
    """
    steps, _, count = tremors.pushes.shape
    paths = np.empty((2 * count, steps + 1))  # every row of 2 N numbers below is all x, then all y
    paths[:, 0] = 0
    throws = _throws(tremors.impulses.numpy())
    pull = np.tile(tremors.pull.numpy(), 2)
    velocity = tremors.heading.numpy().flatten()
    wanted = velocity.copy()  # before it is brought back to its length
    place, scratch, speed = np.zeros(2 * count), np.empty(2 * count), np.empty(count)
    block = np.empty((STEPS_AT_ONCE, 2 * count + 8))[:, : 2 * count]  # rows 4 KB apart would share lines of the cache
    x_velocity, y_velocity, x_wanted, y_wanted, x_squared, y_squared = (
        half for row in (velocity, wanted, scratch) for half in np.split(row, 2)
    )
    for start in range(0, steps, STEPS_AT_ONCE):
        pushes = tremors.pushes[start : start + STEPS_AT_ONCE].double().numpy().reshape(-1, 2 * count)
        for now, (push, there) in enumerate(zip(pushes, block, strict=False), start):
            np.add(wanted, push, wanted)
            for path, along, over in throws.get(now, ()):
                x, y = x_velocity.item(path), y_velocity.item(path)
                x_wanted[path] += along * x - over * y
                y_wanted[path] += over * x + along * y
            np.multiply(wanted, wanted, scratch)
            np.add(x_squared, y_squared, speed)
            np.sqrt(speed, speed)
            np.divide(x_wanted, speed, x_velocity)
            np.divide(y_wanted, speed, y_velocity)
            np.add(place, velocity, there)
            place = there
            np.multiply(pull, place, scratch)
            np.subtract(velocity, scratch, wanted)
        np.multiply(block[: len(pushes)].T, tremors.step, paths[:, start + 1 : start + 1 + len(pushes)])
    return torch.from_numpy(paths).view(2, count, steps + 1).permute(1, 2, 0)


def _throws(impulses: NDArray[np.float32]) -> dict[int, list[tuple[int, float, float]]]:
    """List each step's throws: a path, and twice the cosine and sine of the angle to its velocity."""
    thrown = np.flatnonzero(impulses == impulses)  # not NaN
    steps, paths = np.divmod(thrown, impulses.shape[1])
    angles = impulses.ravel()[thrown].astype(np.float64)
    throws: dict[int, list[tuple[int, float, float]]] = {}
    for step, *throw in zip(
        steps.tolist(), paths.tolist(), (2 * np.cos(angles)).tolist(), (2 * np.sin(angles)).tolist(), strict=True
    ):
        throws.setdefault(step, []).append(tuple(throw))
    return throws
