"""What can be seen of how well a restoration went, place by place, without the sharp picture."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.physics import blur, noise_level, to_linear
from deblur_lightning.physics.nearby import largest_within

CELL = 8  # pixels: side of the squares that cues are averaged over
NEAR, WIDE = 2.0, 8.0  # cells: standard deviations of the two neighbourhoods of each cell
CUES = (
    "misfit",  # of the restored picture, blurred again, in units of the noise
    "smooth misfit",  # the part of it that is no noise
    "gained slopes",  # the restored picture's over the blurry one's
    "slopes",  # of the blurry picture
    "rare slopes",  # of the restored picture: sharp edges are few, ringing is everywhere
    "rare slopes before",
    "crushed",  # pixels that turned black
    "clipped",  # pixels that turned white
    "sharpening",  # likeness of the change to the blurry picture's own detail
    "change",  # over that detail
    "coarse change",  # its share coarser than 1.5 pixels
    "coarsest change",  # and than 3
    "slopes kept",  # likeness of the slopes before and after
    "overshoot",  # beyond the blurry picture's values within 8 pixels
    "motion",  # root of the kernel's variance
    "peak",  # the kernel's largest share of light
)
BLACK, WHITE = 0.02, 0.98
DETAIL = 3.0  # pixels: standard deviation of what counts as the blurry picture's detail
REACH = 17  # pixels: side of the square that overshoot is seen against
LEAST_NOISE = 1e-4  # of linear light
LITTLE = 1e-7  # under a quotient or logarithm of squared display values


def restoration_cues(blurry: Tensor, restored: Tensor, field: KernelField, gamma: float = 2.2) -> Tensor:
    """Measure how a restoration looks beside the blurry picture it came from.

    Pictures are compared in grey. Each cue is a mean over cells of 8 x 8 pixels and their neighbourhood, once near
    (16 pixels) and once wide (64 pixels), mostly as a logarithm of a quotient; the larger, the more.

    Args:
        blurry: ``[N, C, H, W]`` in [0, 1], display values, both sides at least 8.
        restored: likewise.
        field: that was undone, one of each picture.
        gamma: display to linear light.

    Returns:
        ``[N, 2 * len(CUES), ceil(H / 8), ceil(W / 8)]``: all cues near, then all wide.
    """
    seen, made = (picture.float().mean(1, keepdim=True) for picture in (blurry, restored))
    light = to_linear(blurry.float(), gamma).mean(1, keepdim=True)
    again = blur(to_linear(restored.float(), gamma), field.to(dtype=torch.float32), "replicate").mean(1, keepdim=True)
    misfit, change, detail = again - light, made - seen, seen - _smoothed(seen, DETAIL)
    slopes, slopes_made = _slopes(seen), _slopes(made)
    power, power_made = (one.square().sum(1, keepdim=True) for one in (slopes, slopes_made))
    maps = torch.cat(
        (
            misfit.square(), _smoothed(misfit, 2.0).square(), power, power_made, power.sqrt(), power_made.sqrt(),
            (slopes * slopes_made).sum(1, keepdim=True), (made < BLACK).float() - (seen < BLACK).float(),
            (made > WHITE).float() - (seen > WHITE).float(), change.square(), _smoothed(change, 1.5).square(),
            _smoothed(change, 3.0).square(), detail.square(), change * detail, _beyond(made, seen), *_motion(field),
        ),
        dim=1,
    )  # fmt: skip
    cells = F.avg_pool2d(_continued(maps), CELL)
    noise = torch.tensor([max(noise_level(one), LEAST_NOISE) for one in light.split(1)]).to(cells)
    return torch.cat([_cues(_smoothed(cells, deviation), noise) for deviation in (NEAR, WIDE)], dim=1)


def _cues(cells: Tensor, noise: Tensor) -> Tensor:
    """Turn averages ``[N, 17, h, w]`` into cues ``[N, 16, h, w]``."""
    (misfit, smooth, power, power_made, size, size_made, both, black, white, change, coarse, coarsest, detail, like,
     beyond, spread, peak) = cells.unbind(1)  # fmt: skip
    return torch.stack(
        (
            _log_ratio(misfit, noise.square().view(-1, 1, 1)), _log_ratio(smooth, misfit),
            _log_ratio(power_made, power), torch.log(power + LITTLE), _log_ratio(size_made.square(), power_made),
            _log_ratio(size.square(), power), 10 * black, 10 * white,
            like / (change * detail + LITTLE**2).sqrt(), _log_ratio(change, detail), _log_ratio(coarse, change),
            _log_ratio(coarsest, change), both / (power * power_made + LITTLE**2).sqrt(),
            torch.log(beyond + 1e-4), torch.log1p(spread), peak,
        ),
        dim=1,
    )  # fmt: skip


def _beyond(made: Tensor, seen: Tensor) -> Tensor:
    high, low = largest_within(seen, REACH), -largest_within(-seen, REACH)
    return (made - high).clamp(min=0) + (low - made).clamp(min=0)


def _motion(field: KernelField) -> tuple[Tensor, Tensor]:
    """Give the root of the kernel's variance, in pixels, and its largest value at each pixel, ``[N, 1, H, W]``."""
    size = field.kernel_size
    away = torch.arange(size, device=field.basis.device, dtype=torch.float32) - size // 2
    down, right = away.view(-1, 1), away.view(1, -1)
    basis, coefficients = field.basis.float(), field.coefficients.float()

    def mixed(values: Tensor) -> Tensor:
        return torch.einsum("nb,nbhw->nhw", values, coefficients).unsqueeze(1)

    means = [mixed((basis * axis).sum((-2, -1))) for axis in (down, right)]
    second = mixed((basis * (down.square() + right.square())).sum((-2, -1)))
    spread = (second - means[0].square() - means[1].square()).clamp(min=0).sqrt()
    return spread, mixed(basis.amax((-2, -1)))


def _slopes(plane: Tensor) -> Tensor:
    """Take central differences, ``[N, 1, H, W] -> [N, 2, H, W]``."""
    from kornia.filters import spatial_gradient

    return spatial_gradient(plane, mode="diff").flatten(1, 2)


def _smoothed(planes: Tensor, deviation: float) -> Tensor:
    from kornia.filters import gaussian_blur2d

    side = 2 * round(4 * deviation) + 1
    return gaussian_blur2d(planes, (side, side), (deviation, deviation), border_type="replicate")


def _continued(maps: Tensor) -> Tensor:
    """Repeat the last row and column until cells divide the sides."""
    height, width = maps.shape[-2:]
    return F.pad(maps, (0, -width % CELL, 0, -height % CELL), mode="replicate")


def _log_ratio(one: Tensor, other: Tensor) -> Tensor:
    return torch.log((one + LITTLE) / (other + LITTLE))
