"""The motion field of a photo from the photo itself: what lights drew, a camera's path, one kernel, or a moved part."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from typing import NamedTuple, cast

import torch
from torch import Tensor

from deblur_lightning.estimation.camera_path import found_path
from deblur_lightning.estimation.drawn_field import drawn_field
from deblur_lightning.estimation.kernel_shape import SOFTNESS, no_blur, reaches, softened
from deblur_lightning.estimation.local_evidence import (
    SMALLEST,
    least_side,
    outlining_evidence,
    seen_noise,
    weighing_evidence,
)
from deblur_lightning.estimation.own_motion import believed_share, moving_kernel, moving_share, part_field
from deblur_lightning.estimation.pyramid import Attempt, alike, attempts, blind_kernel
from deblur_lightning.estimation.richest_window import richest_window
from deblur_lightning.estimation.sureness import sureness
from deblur_lightning.estimation.window_choice import edge_advantage
from deblur_lightning.estimation.window_path import window_path
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.image import check_image
from deblur_lightning.physics import check_gamma, to_linear
from deblur_lightning.side_by_side import one_core, side_by_side

FLAT = 1e-6  # of linear light: less is the rounding of a mean, a fifth of the faintest step of 8 bits
WINDOW = 320  # pixels: in larger pictures the kernel of what moved is read off the square with most of its edges
LEAST_MOVED = 0.02  # of the picture; less shows too few edges
FILLED = 0.6  # of a kernel's half side: a line from border to border spreads its light so far, few paths do
VOICE, AHEAD = 5.0, 0.5  # evidence of a window that counts for a path or one kernel; mean of it for a path
WHOLE = 700 * 700  # pixels up to which a camera's path is fitted to the whole picture, beyond to windows of it
HELD = 3_000_000  # pixels up to which a path is looked for: its field has 25 shares at each
LAZY = ("scipy.fft", "scipy.ndimage", "scipy.sparse")  # what the tasks below import when they first need it
FURTHER = 2  # turns more of a path that was chosen: too slow for one that may not be
ALIKE = 0.01  # logarithm of misfit by which a path may explain edges worse than one kernel: that fits one window best


class Turning(NamedTuple):
    """A camera's path, as it may be the motion of a photo.

    Attributes:
        field: of the photo.
        improved: gives it more exactly, which takes seconds.
    """

    field: KernelField
    improved: Callable[[], KernelField]


class Found(NamedTuple):
    """The motion field of a photo, and how much speaks for it.

    Attributes:
        field: of the photo.
        sureness: tells how surely it is right, in [0, 1], and looks for that when it is asked first, which takes
            seconds: 1 where all of the photo moved by one kernel that is not short, and that its quarters find too, or
            in a small photo another way of looking; 0 where nothing is known.
        attempts: what ways of looking found, the likeliest first, where the field is its kernel for all of the photo,
            which may be improved (`refined_kernel`); otherwise empty.
    """

    field: KernelField
    sureness: Callable[[], float] = lambda: 0.0
    attempts: Sequence[Attempt] = ()


@torch.no_grad()
def find_motion(
    blurry: Tensor,
    *,
    gamma: float = 2.2,
    kernel_size: int = 33,
    lights: bool = True,
) -> Found:
    """Estimate the motion field of a photo from nothing but the photo, so that one may ask how sure it is.

    It is, in this order:

    - what several points of light drew, if they drew one path (`drawn_field`);
    - of a picture with parts too sharp for any motion, no blur there, and for what moved by itself a kernel of its own
      (`moving_kernel`), if that is clearly likelier than no blur. First it is asked whether the picture's noise alone
      looks so sharp;
    - one kernel for all of it (`blind_kernel`), a camera that turns (`camera_path`), or no motion: whichever the parts
      of the picture find likeliest. Their spectra tell (`LocalEvidence`), not restored pictures, in which a wrong
      kernel can make up detail.

    Pictures of more than 700 x 700 pixels are too large to fit a path to. Windows of them are looked at instead
    (`window_path`), and their edges tell whether they speak for a path or for one kernel (`edge_advantage`). How surely
    one kernel is right is told by what the quarters of the photo find, or in a small one by two ways of looking
    (`sureness`).

    Args:
        blurry: ``[1, C, H, W]`` in [0, 1], display values, both sides at least `least_side`.
        gamma: display to linear light.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.
        lights: whether to look for what lights drew; False where that was done before.

    Returns:
        The field, ``[1, B, K, K]``, where B is 1, 2 (no blur first) or 25, and what tells how sure it is.

    Raises:
        ValueError: a picture that is none, several, too small or not in [0, 1]; a kernel size that is even.
    """
    check_image(blurry, "blurry")
    check_gamma(gamma)
    if len(blurry) != 1:
        raise ValueError(f"blurry holds {len(blurry)} pictures, but a field is of one. Pass them one by one.")
    if kernel_size < 5 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}, but it is odd and at least 5. Pass {max(5, kernel_size | 1)}.")
    if min(blurry.shape[-2:]) < (least := least_side(kernel_size)):
        raise ValueError(
            f"blurry is {blurry.shape[-2]} x {blurry.shape[-1]}, but a kernel of {kernel_size} needs {least} pixels "
            f"each way. Pass a {'smaller kernel_size' if least > SMALLEST else 'larger picture'}."
        )
    colours = to_linear(blurry.float(), gamma)[0].cpu()
    with one_core():
        drawn = drawn_field(colours, kernel_size) if lights else None
        found = _found(colours.mean(0), kernel_size) if drawn is None else Found(drawn)
    return found._replace(field=found.field.to(blurry.device))


def dense_field(blurry: Tensor, *, gamma: float = 2.2, kernel_size: int = 33, lights: bool = True) -> KernelField:
    """Give the field of `find_motion` alone."""
    return find_motion(blurry, gamma=gamma, kernel_size=kernel_size, lights=lights).field


def _found(light: Tensor, kernel_size: int) -> Found:
    if light.amax() - light.amin() < FLAT:
        return Found(delta_field(light[None, None], kernel_size))  # nothing to see a motion by
    evidence = outlining_evidence(light)
    share = moving_share(evidence, kernel_size)
    if share is None or moving_share(evidence.with_noise(seen_noise(light)), kernel_size) is None:
        attempted, turning = attempts_and_turning(light, kernel_size)
        attempted = by_votes(attempted, light)
        uniform = everywhere(attempted[0].kernel, light)
        field = likeliest(uniform, None if turning is None else turning.field, light)
        if share is None or field.basis[0, 0, kernel_size // 2, kernel_size // 2] < 1:  # something moved
            if turning is not None and field is turning.field:
                return Found(turning.improved())
            if field is not uniform:
                return Found(field)
            same = 0.0 if turning is None else alike(attempted)
            return Found(uniform, cache(partial(sureness, light, uniform.basis[0, 0], same)), attempted)
    if share.mean() < LEAST_MOVED:
        return Found(delta_field(light[None, None], kernel_size))
    window = richest_window(light, share, WINDOW)
    kernel = softened(moving_kernel(light[window], share[window], kernel_size), SOFTNESS)
    return Found(part_field(kernel, believed_share(evidence, kernel)))


def by_votes(attempted: Sequence[Attempt], light: Tensor) -> list[Attempt]:
    """Sort what ways of looking found, the kernel first that the parts of a picture find likeliest.

    All of the picture is asked, not the one window that the kernels were read off, and no part counts for more than
    `VOICE` between two kernels. `evidence_against`, which asks that window alone, is wrong more often
    (`experiments/kernels/README.md`).

    Args:
        attempted: see `attempts`.
        light: the blurry picture, ``[H, W]``, linear light.
    """
    said = weighing_evidence(light, seen_noise(light)).of(torch.stack([one.kernel for one in attempted]))
    votes = (said[:, None] - said).clamp(-VOICE, VOICE).mean((1, 2, 3))
    return [attempted[number] for number in votes.argsort(descending=True, stable=True)]


def likeliest(uniform: KernelField, turning: KernelField | None, light: Tensor) -> KernelField:
    """Choose the field that a picture finds likeliest in the mean of its parts, or no blur.

    A path's kernels must not fill their squares, and the parts must prefer it to one kernel by `AHEAD`, none of which
    counts for more than `VOICE`: a few sharp edges speak by hundreds of nats. In a picture larger than `WHOLE` it must
    explain the edges about as well as one kernel does instead (`edge_advantage`). A field is chosen if it is likelier
    than no blur in the mean and in half of the parts.

    Args:
        uniform: one kernel for all of the picture.
        turning: a camera's path, None where none was looked for.
        light: the blurry picture, ``[H, W]``, linear light.
    """
    evidence = weighing_evidence(light, seen_noise(light))
    still = evidence.of(no_blur(uniform.basis[0, 0])[None])[0]
    best, gain = uniform, evidence.of(uniform.basis[0])[0] - still
    if turning is not None and not fills_its_square(turning):
        other = evidence.of_field(turning) - still
        if _moved(other) and _preferred(other - gain, uniform, turning, light):
            best, gain = turning, other
    return best if _moved(gain) else delta_field(light[None, None], uniform.kernel_size)


def _preferred(margin: Tensor, uniform: KernelField, turning: KernelField, light: Tensor) -> bool:
    if light.numel() > WHOLE:
        return edge_advantage(light, turning, uniform.basis[0, 0]) > -ALIKE
    return margin.clamp(-VOICE, VOICE).mean().item() > AHEAD


def fills_its_square(field: KernelField) -> bool:
    """Tell whether a field's kernels spread over all of their squares, as those of an estimate that failed do."""
    return reaches(field.basis[0]).mean().item() > FILLED * (field.kernel_size // 2)


def attempts_and_turning(light: Tensor, kernel_size: int) -> tuple[list[Attempt], Turning | None]:
    """Look for one kernel for all of a picture ``[H, W]`` and, by another core, for the field of a camera that turns.

    See `attempts` and `estimated_turning`.
    """
    for name in LAZY:  # here, for two threads that first import parts of one package may meet halfway, and fail
        import_module(name)
    ways, path = attempts(light, kernel_size), partial(estimated_turning, light, kernel_size)
    tasks = [path, *ways] if light.numel() <= WHOLE else [*ways, path]  # what takes longest goes first
    answers = side_by_side(cast(list[Callable[[], Turning | Attempt | None]], tasks))
    turning = answers.pop(tasks.index(path))
    return cast(list[Attempt], answers), cast(Turning | None, turning)


def everywhere(kernel: Tensor, picture: Tensor) -> KernelField:
    """Give the field of one kernel ``[K, K]``, softened as estimates are, for all of a picture ``[..., H, W]``."""
    shares = torch.ones(1, 1, *picture.shape[-2:], device=picture.device)
    return KernelField(softened(kernel.to(picture.device), SOFTNESS)[None, None], shares)


def estimated_uniform(light: Tensor, kernel_size: int) -> KernelField:
    """Estimate one kernel for all of a picture ``[H, W]``, see `blind_kernel`."""
    return everywhere(blind_kernel(light, kernel_size), light)


def estimated_turning(light: Tensor, kernel_size: int) -> Turning | None:
    """Estimate the field of a camera that turns, see `found_path` and, for large pictures, `window_path`.

    None for pictures so large that to hold a grid of kernels takes too much memory.
    """
    if light.numel() > HELD:
        return None
    if light.numel() > WHOLE:
        field = _softened(window_path(light, kernel_size))
        return Turning(field, lambda: field)
    path = found_path(light, kernel_size)
    return Turning(_softened(path.field), lambda: _softened(path.further(FURTHER).field))


def _softened(field: KernelField) -> KernelField:
    return field._replace(basis=torch.stack([softened(kernel, SOFTNESS) for kernel in field.basis[0]])[None])


def _moved(gain: Tensor) -> bool:
    """Tell whether evidence against no blur speaks for motion in the mean and in half of a picture's windows."""
    return bool(gain.mean() > 0 and gain.median() > 0)
