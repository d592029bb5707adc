"""How likely a kernel makes each part of a blurry picture, told from the part's spectrum alone."""

import math
from collections.abc import Iterator
from copy import copy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.kernel_shape import no_blur
from deblur_lightning.estimation.lag_forms import gradients
from deblur_lightning.field import KernelField
from deblur_lightning.physics import noise_level
from deblur_lightning.physics.fast_length import fast_length

OUTLINING, WEIGHING = (8, 1500), (32, 150)  # least pixels from window to window, most windows
WINDOW = 64  # pixels; 32 and 96 told less
SMALLEST = WINDOW // 2 + 2  # pixels: side of a picture whose gradients can be mirrored by half a window
SECTORS = 8  # of direction: each has a strength of its own, for edges have directions as motion has
HIGHEST = 0.3  # cycles a pixel: beyond, noise and rounding are told apart rather than kernels
LOWEST = 1.5  # cycles a window
SOFTNESS = (0.0, 0.7, 1.2, 2.0)  # pixels: what is soft need not have moved
STRENGTHS = (-8, -1, 15)  # of a sharp picture's gradients that are tried: powers of 10, from, to and how many
TOLERANCE = 3e-3  # of a kernel's power: no kernel is known to its zeros
NOISE = 4e-5  # variance of linear light at full light, at least
DARKEST = 0.02  # of linear light: darker pictures have as much noise as one of this mean
OVERLAP = 0.3  # of one value: a Hann window's neighbouring frequencies tell much the same
LOUDEST = 10.0  # evidence of one window that counts in a vote
MEASURED = 0.7  # of the deviation that the finest detail has: of sharp pictures, that is not noise alone
NEIGHBOURS = 16.0  # pixels: standard deviation of the neighbourhood that votes


class LocalEvidence:
    """What the parts of a blurry picture say about their kernels.

    A sharp picture's gradients are as strong at all frequencies of one direction, as a rule; motion leaves its own
    profile on them. In each window the spectrum of the gradients is taken for Gaussian with the variance
    ``strength |kernel|^2 + noise``, the strength being the likeliest for each sector of direction, and softness of
    focus or lens the likeliest for the window. No picture is restored, so a kernel cannot win by what it makes up,
    and candidates cost next to nothing.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, on the CPU, both sides at least 34.
        stride: pixels from window to window.
        noise: standard deviation of the light's noise, where that is more than `NOISE`.

    Source:
        Chakrabarti, Zickler and Freeman 2010 (sub-band likelihood with an unknown strength); sectors, softness and
        tolerance are ours.
    """

    def __init__(self, light: Tensor, stride: int = 16, noise: float = 0.0) -> None:
        self.size, self.stride, self.noise = light.shape, stride, noise
        hann = torch.hann_window(WINDOW, periodic=False)
        taper = hann.unsqueeze(1) * hann
        self._seen = _autocorrelation(taper) / taper.square().sum()
        power = torch.stack([_power(band, taper, stride) for band in _bands(light, stride)])
        self.grid = power.shape[:2]
        self._least = NOISE * max(light.mean().item(), DARKEST)
        self._sectors = _sectors(power.flatten(2).flatten(0, 1))

    def with_noise(self, noise: float) -> "LocalEvidence":
        """Give the same windows' evidence with another noise, as in the constructor; nothing is transformed anew."""
        other = copy(self)
        other.noise = noise
        return other

    def of(self, kernels: Tensor) -> Tensor:
        """Weigh kernels, each for all windows.

        Args:
            kernels: ``[C, K, K]``.

        Returns:
            Log-likelihoods ``[C, rows, columns]``; only their differences mean anything.
        """
        return torch.cat([self._likelihood(kernel[None]) for kernel in kernels]).view(-1, *self.grid)

    def for_motion(self, kernels: Tensor) -> Tensor:
        """Weigh kernels against no blur.

        Args:
            kernels: ``[C, K, K]``.

        Returns:
            Differences of log-likelihoods ``[C, rows, columns]``, above 0 where a window finds the kernel likelier.
        """
        return self.of(kernels) - self.of(no_blur(kernels[0])[None])

    def of_field(self, field: KernelField) -> Tensor:
        """Weigh a field: each window by the kernel at its centre; ``[rows, columns]``."""
        rows, columns = (
            (torch.arange(count) * self.stride).clamp(max=side - 1)
            for side, count in zip(self.size, self.grid, strict=True)
        )
        shares = field.coefficients[0, :, rows.unsqueeze(1), columns].flatten(1)
        kernels = (shares.T @ field.basis[0].flatten(1)).unflatten(1, field.basis.shape[-2:])
        return self._likelihood(kernels).view(self.grid)

    def spread(self, values: Tensor) -> Tensor:
        """Interpolate windows' values ``[rows, columns]`` to all pixels, ``[H, W]``."""
        place = [
            2 * torch.arange(side) / max(1, (count - 1) * self.stride) - 1
            for side, count in zip(self.size, self.grid, strict=True)
        ]
        grid = torch.stack(torch.meshgrid(*place, indexing="ij")[::-1], -1)
        return F.grid_sample(values[None, None], grid[None], align_corners=True, padding_mode="border")[0, 0]

    def vote(self, values: Tensor) -> Tensor:
        """Let the windows around each pixel vote, none louder than `LOUDEST`, ``[rows, columns] -> [H, W]`` in [-1, 1].

        A few sharp edges speak for no blur by hundreds of nats in every window that they reach into; among votes they
        are a few of many.

        Args:
            values: evidence for one thing rather than another.
        """
        from scipy.ndimage import gaussian_filter

        votes = gaussian_filter(values.clamp(-LOUDEST, LOUDEST).numpy(), NEIGHBOURS / self.stride, mode="nearest")
        return self.spread(torch.from_numpy(votes) / LOUDEST)

    def _likelihood(self, kernels: Tensor) -> Tensor:
        """Log-likelihood of all windows by one kernel ``[1, K, K]``, or of each by its own; the likeliest softness."""
        folded = (_autocorrelation(kernels) * self._seen).unflatten(-1, (2, WINDOW)).unflatten(-3, (2, WINDOW))
        passed = torch.fft.rfft2(folded.sum((-4, -2))).real.clamp(min=0).flatten(1) + TOLERANCE
        strengths = torch.logspace(*STRENGTHS).view(-1, 1)
        total, floor = torch.zeros(()), max(self._least, self.noise**2)
        for sector in self._sectors:
            variance = (passed[:, None, sector.own] * sector.focus).unsqueeze(2) * strengths + floor * sector.rise
            windows = sector.power.unflatten(0, (len(kernels), -1))
            misfit = windows @ variance.reciprocal().flatten(1, 2).mT
            value = -misfit.unflatten(-1, variance.shape[1:3]) - variance.log().sum(-1).unsqueeze(1)
            total = total + OVERLAP * value.flatten(0, 1).amax(-1)
        return total.amax(-1)


class _Sector(NamedTuple):
    """Those frequencies of a window that lie in one direction, and what is known of their power.

    Attributes:
        own: their numbers in the flattened half spectrum, ``[F]``.
        focus: what share of the power each `SOFTNESS` leaves, ``[S, F]``.
        rise: power of the gradients of white noise of variance 1, ``[F]``.
        power: of the gradients in each window, ``[windows, F]``.
    """

    own: Tensor
    focus: Tensor
    rise: Tensor
    power: Tensor


def _sectors(power: Tensor) -> list[_Sector]:
    """Sort the frequencies of windows' power spectra ``[windows, 64 * 33]`` by direction."""
    down, right = torch.fft.fftfreq(WINDOW).unsqueeze(1), torch.fft.rfftfreq(WINDOW)
    radius = (down.square() + right.square()).sqrt()
    number = (torch.atan2(down, right) / math.pi * SECTORS).round().long() % SECTORS
    told = (radius > LOWEST / WINDOW) & (radius <= HIGHEST)
    rise = 4 - 2 * torch.cos(2 * math.pi * right) - 2 * torch.cos(2 * math.pi * down)
    sectors = []
    for one in range(SECTORS):
        own = (told & (number == one)).flatten().nonzero().flatten()
        focus = torch.exp(-((2 * math.pi * radius.flatten()[own]) ** 2) * torch.tensor(SOFTNESS).unsqueeze(1) ** 2)
        sectors.append(_Sector(own, focus, rise.flatten()[own], power[:, own]))
    return sectors


def least_side(kernel_size: int) -> int:
    """Tell how many pixels each way a picture needs for its field to be estimated: two kernels, and half a window."""
    return max(2 * kernel_size, SMALLEST)


def outlining_evidence(light: Tensor) -> LocalEvidence:
    """Weigh windows so close to one another that they tell where parts of a picture ``[H, W]`` end."""
    return _spaced(light, *OUTLINING)


def weighing_evidence(light: Tensor, noise: float = 0.0) -> LocalEvidence:
    """Weigh as many windows of a picture ``[H, W]`` as tell what holds of all of it.

    Args:
        light: the picture.
        noise: see `LocalEvidence`.
    """
    return _spaced(light, *WEIGHING, noise)


def seen_noise(light: Tensor) -> float:
    """Measure a picture's noise, less what may be fine detail.

    Noise that nobody reckons with looks like the detail of something that did not move.
    """
    return MEASURED * noise_level(light[None, None])


def _spaced(light: Tensor, stride: int, most: int, noise: float = 0.0) -> LocalEvidence:
    return LocalEvidence(light, max(stride, math.ceil(math.sqrt(light.numel() / most))), noise)


def _bands(light: Tensor, stride: int) -> Iterator[Tensor]:
    """Cut the gradients of a picture, mirrored by half a window at its borders, into rows of windows, ``[2, 64, W]``.

    One after the other, so that a large picture's gradients are never all in memory.
    """
    count, half = light.shape[0] - 1, WINDOW // 2
    for centre in range(0, count + 1, stride):
        mirrored = torch.arange(centre - half, centre + half).abs()
        rows = count - 1 - (count - 1 - mirrored).abs()
        first, last = int(rows.min()), int(rows.max())
        steep = gradients(light[first : last + 2])[:, rows - first]
        yield F.pad(steep, (half, half), mode="reflect")


def _power(band: Tensor, taper: Tensor, stride: int) -> Tensor:
    """Take the power spectra of a row of windows' gradients, ``[columns, 64, 33]``."""
    parts = band.unfold(2, WINDOW, stride).movedim(2, 1) * taper
    return torch.fft.rfft2(parts).abs().square().sum(0) / taper.square().sum()


def _autocorrelation(plane: Tensor) -> Tensor:
    """Correlate each plane ``[…, K, K]`` with itself by lags that a window holds, ``[…, 128, 128]``, lag 0 first."""
    sides = (max(2 * WINDOW, fast_length(WINDOW - 1 + plane.shape[-1])),) * 2  # no lag beyond a window comes back
    lags = torch.fft.irfft2(torch.fft.rfft2(plane, s=sides).abs().square(), s=sides)
    for axis in (-2, -1):
        lags = torch.cat((lags.narrow(axis, 0, WINDOW), lags.narrow(axis, sides[0] - WINDOW, WINDOW)), axis)
    return lags
