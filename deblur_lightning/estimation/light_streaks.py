"""The kernel that stands in a photo taken at night: what each point of light drew while the camera moved."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.kernel_shape import centred, likeness
from deblur_lightning.physics.nearby import largest_within

DARK = 0.3  # of full light in the mean at the most: by day no lamp outshines the rest
SOFTENED, THICK = 3, 9  # pixels: details are averaged over the first; what is wider than the second is no streak
BRIGHT = (0.2, 4.0)  # above the surroundings: of full light, or standard deviations; either will do
LAMP = 0.85  # of full light: above its surroundings the brightest streak must be so bright; lamps at night clip
SHORTEST = 9  # pixels: repeated details of sharp scenes are shorter; so short a motion shows elsewhere too
FILLED, LEVEL = 0.6, 3  # of its box, which a path fills less; unless it is straight and level: as many times as long
COMPARED = 60  # streaks, the brightest
ALIKE = 0.85  # normalised correlation from which two streaks have one shape
WIDTH = 0.5  # pixels: standard deviation across a streak; a lamp has a width, the thinner lines are of a sharp scene
WHOLE = 0.999  # of a streak's light that its kernel must hold
LEAST, SHARE = 4, 0.4  # streaks of one shape, and of all that were compared
OUTSHONE = 0.75  # of a streak's brightness is the most that its surroundings may have: lights outshine what is there


@torch.no_grad()
def light_streaks(light: Tensor, kernel_size: int = 33) -> Tensor | None:
    """Read one kernel off the streaks that points of light drew, if enough of them drew the same.

    A lamp in the dark is a point, so its blurry picture is the kernel itself. One streak may be anything; but where
    several of the brightest have one shape, the camera drew them. That they also tell the motion of the rest, or are
    the repeated forms of a sharp scene, is for the caller to find out.

    Args:
        light: the blurry picture, ``[C, H, W]``, linear light; a lamp may be of any colour.
        kernel_size: side K of the kernel, in pixels, odd.

    Returns:
        ``[K, K]``, unit sum, correlation, centred on its mean; None where too few streaks agree, or theirs is longer
        to one side of its mean than a kernel reaches.

    Raises:
        ValueError: light of another shape, or a kernel size that is even.

    Source:
        Hu, Cho, Wang and Yang 2014, *Deblurring low-light images with light streaks*; what counts as a streak, and
        when enough agree, is ours.
    """
    if light.dim() != 3:
        raise ValueError(f"light is {list(light.shape)}, but it is of one picture. Pass [C, H, W].")
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}, but kernels have a centre. Pass {kernel_size + 1}.")
    brightest = light.amax(0).float().cpu()
    if brightest.mean() > DARK or len(shapes := _streaks(brightest, kernel_size)) < LEAST:
        return None
    similar = likeness(shapes)
    alike = similar > ALIKE
    typical = int((similar * alike).sum(1).argmax())
    if alike[typical].sum() < max(LEAST, SHARE * len(shapes)):
        return None
    drawn, margin = shapes[typical].flip(0, 1), kernel_size // 2
    if _width(drawn) < WIDTH:
        return None
    wide = centred(F.pad(drawn / drawn.sum(), (margin,) * 4))
    kernel = wide[margin:-margin, margin:-margin] if margin else wide
    return (kernel / kernel.sum()).to(light) if kernel.sum() > WHOLE else None


def _streaks(light: Tensor, size: int) -> Tensor:
    """Find the brightest things of a picture ``[H, W]`` that are thin and no longer than a kernel.

    Returns:
        Of each, how far it outshines its surroundings, in its middle, ``[S, K, K]``; squares sum to 1.
    """
    from scipy import ndimage

    behind = _opened(light)
    excess = (light - behind).clamp(min=0)
    if excess.max() < LAMP:
        return torch.zeros(0, size, size)
    bright = (excess > BRIGHT[0]) | (excess > BRIGHT[1] * excess.std())
    labels, count = ndimage.label(bright.numpy(), structure=np.ones((3, 3)))
    parts = torch.from_numpy(labels)
    places = bright.nonzero()
    of = parts[bright].long() - 1
    first, last = (
        torch.zeros(count, 2, dtype=torch.long).scatter_reduce_(
            0, of[:, None].expand_as(places), places, how, include_self=False
        )
        for how in ("amin", "amax")
    )
    area = torch.bincount(of, minlength=count)
    peak = torch.zeros(count).scatter_reduce_(0, of, excess[bright], "amax")
    shorter, longer = (last - first + 1).sort(dim=1).values.unbind(1)
    thin = (area <= FILLED * shorter * longer) | (longer >= LEVEL * shorter)
    corner = (first + last + 1) // 2 - size // 2
    inside = ((corner >= 0) & (corner + size <= torch.tensor(light.shape))).all(1)
    outshone = torch.zeros(count).scatter_add_(0, of, behind[bright]) / area <= OUTSHONE * peak
    fitting = (thin & (longer >= SHORTEST) & (longer <= size) & inside & outshone).nonzero().flatten()
    shapes = [torch.zeros(0, size, size)]
    if not (peak[fitting] >= LAMP).any():
        return shapes[0]
    for number in fitting[peak[fitting].argsort(descending=True, stable=True)[:COMPARED]].tolist():
        window = tuple(slice(side, side + size) for side in corner[number].tolist())
        shape = excess[window] * (parts[window] == number + 1)
        shapes.append((shape / torch.linalg.vector_norm(shape))[None])
    return torch.cat(shapes)


def _width(shape: Tensor) -> float:
    """Measure how far a shape ``[K, K]`` spreads along the shorter of its axes, in pixels: a standard deviation."""
    lit = shape > 0
    covariance = torch.cov(lit.nonzero().float().T, aweights=shape[lit], correction=0)
    return torch.linalg.eigvalsh(covariance)[0].clamp(min=0).sqrt().item()


def _opened(light: Tensor) -> Tensor:
    """Take away what is brighter than its surroundings and thin: the smallest value near by, then the largest."""
    soft = F.avg_pool2d(light[None, None], SOFTENED, 1, SOFTENED // 2, count_include_pad=False)
    return largest_within(-largest_within(-soft, THICK), THICK)[0, 0]
