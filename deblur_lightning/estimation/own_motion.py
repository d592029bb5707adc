"""What moved by itself before a background that stood still: its kernel, and where it is."""

import torch
from torch import Tensor

from deblur_lightning.estimation.climb import SCALE, Climb, short_line
from deblur_lightning.estimation.field_edges import field_edges
from deblur_lightning.estimation.kernel_fit import FEW_DESCENTS, nonnegative_minimum
from deblur_lightning.estimation.kernel_shape import cleaned, no_blur, resized, shrunk
from deblur_lightning.estimation.lag_forms import LagForms, lag_forms
from deblur_lightning.estimation.local_evidence import LocalEvidence
from deblur_lightning.estimation.straight_lines import straight_lines
from deblur_lightning.field import KernelField
from deblur_lightning.physics.single import SingleCorrelation

RIDGE = 2.0  # squared gradient, summed over pixels of linear light
CLIMB = Climb(turns=3, last=1, sparsity=4e-3, decay=1.2)  # edges twice as dear lost a seventh of the gain
FITS = 2  # of the kernel to each sharp picture: its form is exact for the kernel it was taken at alone
THRESHOLD = 0.05  # of the kernel's largest value: below is noise
STILL_PART = -30.0  # mean evidence against all motion, where against: below, a part of the picture stood still
BELIEVED, DOUBT = 0.0, 0.1  # vote at which the found motion is believed by half, and how fast belief grows


def moving_share(evidence: LocalEvidence, kernel_size: int) -> Tensor | None:
    """Tell where a picture moved before a background that stood still, or that it has no such background.

    Straight lines stand in for all motion (`straight_lines`); no blur, sharp or soft, competes with them in each
    window. A background with sharp detail is far likelier to stand still, by hundreds of nats.

    Args:
        evidence: of the picture, see `outlining_evidence`.
        kernel_size: side of the kernels to think of, in pixels.

    Returns:
        1 where something moved and else 0, ``[H, W]``; None where nothing is known to have stood still.
    """
    moved = evidence.for_motion(straight_lines(kernel_size)).amax(0)
    return (evidence.vote(moved) > 0).float() if moved.clamp(max=0).mean() < STILL_PART else None


def believed_share(evidence: LocalEvidence, kernel: Tensor) -> Tensor:
    """Tell how far to trust a kernel rather than no blur at each pixel, ``[H, W]`` in [0, 1]."""
    likelier = evidence.for_motion(kernel[None])[0]
    return torch.sigmoid((evidence.vote(likelier) - BELIEVED) / DOUBT)


@torch.no_grad()
def moving_kernel(light: Tensor, share: Tensor, kernel_size: int = 33) -> Tensor:
    """Estimate the kernel of what moved in a picture whose other parts stood still.

    As `camera_path`, with a field of two kernels: no blur, which is given, and the motion. The sharp picture in turn
    with the motion's kernel is thus one for both parts, and what stood still cannot pull the kernel towards no blur.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, both sides at least twice the kernel's.
        share: of the motion at each pixel, ``[H, W]`` in [0, 1].
        kernel_size: side K of the kernel, in pixels, odd and at least 5.

    Returns:
        ``[K, K]``, unit sum, correlation, centred to the pixel.
    """
    known: Tensor | None = None
    for scale in CLIMB.of(kernel_size):
        scaled, own = shrunk(light, scale.factor), shrunk(share, scale.factor).clamp(0, 1)
        kernel = short_line(scale.size) if known is None else resized(known, scale.size, 1 / SCALE)
        for sparsity in scale.sparsities:
            sharp = field_edges(scaled, part_field(kernel, own), sparsity, operator=PartBlur(kernel, own))
            kernel = _fitted(sharp, scaled, kernel, own)
        known = kernel
    return kernel


class PartBlur:
    """The blur by `part_field`, and its transpose; what stood still needs no transform, so both take half the time.

    Args:
        kernel: ``[K, K]``.
        share: of the motion at each pixel, ``[H, W]`` in [0, 1].
    """

    def __init__(self, kernel: Tensor, share: Tensor) -> None:
        self.share, self.still, self.radius = share[None, None], 1 - share, len(kernel) // 2
        self.moving = SingleCorrelation(kernel[None, None], self.share)

    def blur(self, image: Tensor) -> Tensor:
        """``[1, 1, H + K - 1, W + K - 1] -> [1, 1, H, W]``."""
        return self.moving.correlate(image, self.share).addcmul_(self.still, self._inside(image))

    def adjoint(self, image: Tensor) -> Tensor:
        """``[1, 1, H, W] -> [1, 1, H + K - 1, W + K - 1]``."""
        wide = self.moving.spread(image, self.share)
        self._inside(wide).addcmul_(self.still, image)
        return wide

    def _inside(self, wide: Tensor) -> Tensor:
        """Leave the surround out."""
        height, width = self.still.shape
        return wide[..., self.radius : self.radius + height, self.radius : self.radius + width]


def part_field(kernel: Tensor, share: Tensor) -> KernelField:
    """Make the field of a picture of which a part moved with one kernel, and the rest stood still.

    Args:
        kernel: ``[K, K]``.
        share: of the motion at each pixel, ``[H, W]`` in [0, 1].

    Returns:
        ``[1, 2, K, K]``, first no blur, then the kernel, and ``[1, 2, H, W]``.
    """
    return KernelField(torch.stack((no_blur(kernel), kernel))[None], torch.stack((1 - share, share))[None])


def _fitted(sharp: Tensor, light: Tensor, kernel: Tensor, share: Tensor) -> Tensor:
    before, lags = kernel, None
    for _ in range(FITS):
        forms = lag_forms(sharp, light, part_field(kernel, share), lags=lags)
        lags = forms.lags
        own = _OneForm(LagForms(forms.lags[1:], forms.wanted[1:]))
        kernel = nonnegative_minimum(own, forms.wanted[1].flatten(), kernel.flatten(), FEW_DESCENTS).view_as(kernel)
    return cleaned(kernel, THRESHOLD) if kernel.sum() > 0 else before


class _OneForm:
    """One kernel's quadratic form, a ridge included, as a matrix in its values."""

    def __init__(self, forms: LagForms) -> None:
        self.forms = forms

    def __matmul__(self, values: Tensor) -> Tensor:
        kernel = values.view_as(self.forms.wanted)
        return self.forms.apply(kernel).add_(kernel, alpha=RIDGE).flatten()
