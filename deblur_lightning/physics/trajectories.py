"""Random camera shake: the path of a hand that tries to hold still (Boracchi and Foi; as DeblurGAN draws it)."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ANXIETY = (0.01, 0.009, 0.008, 0.007, 0.005, 0.003)  # DeblurGAN's choices


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
        Kupyn et al. 2018, section 4.1 (arXiv 1711.07064), after Boracchi and Foi 2012.
    """
    return follow_tremors(Tremors.draw(count, generator=generator, samples=samples, length=length, anxiety=anxiety))


def follow_tremors(tremors: Tremors) -> Tensor:
    """Let all paths advance together, one sample a step.

    ``dv = impulse + a (gaussian (n1 + i n2) - centripetal x) L / (T - 1)``, and v + dv is brought back to the length
    L / (T - 1). Plain real arithmetic, so a path is the same bit for bit whichever others run along with it.

    Args:
        tremors: what was drawn for N paths.

    Returns:
        Positions ``[N, T, 2]``, as of `shake_trajectories`.
    """
    pull, pushes, impulses = tremors.pull.numpy(), tremors.pushes.double().numpy(), tremors.impulses.numpy()
    steps, _, count = pushes.shape
    thrown = np.isfinite(impulses)
    any_thrown = thrown.any(axis=1)
    velocity = tremors.heading.numpy().copy()
    position = np.zeros((steps + 1, 2, count))
    force, speed = np.empty_like(velocity), np.empty(count)
    for now in range(steps):
        np.multiply(pull, position[now], out=force)
        np.subtract(pushes[now], force, out=force)
        if any_thrown[now]:
            force[:, thrown[now]] += _throw(velocity[:, thrown[now]], impulses[now, thrown[now]])
        np.add(velocity, force, out=velocity)
        np.multiply(velocity, velocity, out=force)
        np.add(force[0], force[1], out=speed)
        np.sqrt(speed, out=speed)
        np.divide(velocity, speed, out=velocity)
        np.add(position[now], velocity, out=position[now + 1])
    return (torch.from_numpy(position).permute(2, 0, 1) * tremors.step).contiguous()


def _throw(velocity: NDArray[np.float64], angle: NDArray[np.float32]) -> NDArray[np.float64]:
    """Twice the velocity, turned."""
    along, across = 2 * np.cos(angle.astype(np.float64)), 2 * np.sin(angle.astype(np.float64))
    x, y = velocity
    return np.stack((along * x - across * y, across * x + along * y))
