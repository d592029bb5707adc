"""The PSNRs and SSIMs that deblurring papers print, each under its exact name; they differ on the same pair."""

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from deblur_lightning.image import check_image

GAUSSIAN_RADIUS = 5  # scikit-image's 3.5 sigma of 1.5, rounded: an 11 x 11 window
INSIDE = slice(GAUSSIAN_RADIUS, -GAUSSIAN_RADIUS)
CW_SSIM_STABILISER = 0.01
WIDTHS = 30
PILLOW_LUMA = (19595, 38470, 7471)  # 65536ths of R, G, B


def eight_bit(image: Tensor) -> Tensor:
    """Round pictures in [0, 1] to the 256 values that an 8-bit file holds, in float64."""
    return (image.double().clamp(0, 1) * 255).round() / 255


def picture_psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture, in dB; infinite for identical ones.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1].
        sharp: likewise.

    Returns:
        ``[N]``, float64. The mean squared error is each picture's own: papers print the mean of these, not the PSNR
        of the pooled error that torchmetrics gives by default.

    Raises:
        ValueError: sizes differ; integers, NaN or another range of values; see `check_image`.
    """
    _check_pair(restored, sharp)
    error = restored.double().clamp(0, 1) - sharp.double().clamp(0, 1)
    return -10 * error.square().flatten(1).mean(dim=1).log10()


def psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """`picture_psnr` of the 8-bit files that pictures would be written to, which is what GoPro's tables print.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1]; rounded to 8 bits first.
        sharp: likewise.

    Returns:
        ``[N]`` in dB, float64, infinite for identical pictures; a table prints its mean over pictures.

    Raises:
        ValueError: as for `picture_psnr`.
    """
    _check_pair(restored, sharp)
    return picture_psnr(eight_bit(restored), eight_bit(sharp))


def picture_ssim(restored: Tensor, sharp: Tensor) -> Tensor:
    """Structural similarity of each picture as torchmetrics defines it: 11 x 11 Gaussian, reflected border.

    The valid region alone, as scikit-image averages it, gives another figure for the same pair: see `ssim_valid`.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1], of at least 6 x 6 pixels.
        sharp: likewise.

    Returns:
        ``[N]``, float64.

    Raises:
        ValueError: as for `picture_psnr`.
    """
    _check_pair(restored, sharp)
    return ssim_map(restored, sharp).flatten(1).mean(dim=1)


def file_scores(restored: Tensor, sharp: Tensor) -> dict[str, float]:
    """Score one picture as the 8-bit file that it would be written to.

    Args:
        restored: ``[1, 3 or 1, H, W]`` in [0, 1], of at least 6 x 6 pixels; rounded to 8 bits first.
        sharp: likewise, in as many channels or more; taken as it is.

    Returns:
        ``psnr`` in dB, infinite where both are the same, and ``ssim``, see `picture_ssim`.

    Raises:
        ValueError: as for `picture_psnr`.
    """
    alike = eight_bit(restored).to(sharp).expand_as(sharp)  # in float64 beside float32, equal levels would differ
    return {"psnr": picture_psnr(alike, sharp).item(), "ssim": picture_ssim(alike, sharp).item()}


def ssim_valid(restored: Tensor, sharp: Tensor) -> Tensor:
    """Structural similarity of each picture over the region where its window lies inside: scikit-image's.

    It is ``skimage.metrics.structural_similarity`` with ``gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False``, which is Wang's definition, averaged over channels. torchmetrics averages a
    reflect-padded map instead and gives another figure.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1]; rounded to 8 bits first.
        sharp: likewise.

    Returns:
        ``[N]``, 1 for identical pictures, float64.

    Raises:
        ValueError: as for `picture_psnr`, or a side is below the window's 11 pixels.

    Source:
        Wang, Bovik, Sheikh and Simoncelli 2004, equations 13 to 17.
    """
    _check_pair(restored, sharp)
    if min(restored.shape[-2:]) <= 2 * GAUSSIAN_RADIUS:
        raise ValueError(f"restored is {list(restored.shape)}, but the window is 11 x 11. Score larger pictures.")
    return ssim_map(eight_bit(restored), eight_bit(sharp))[..., INSIDE, INSIDE].flatten(1).mean(dim=1)


def ssim_map(x: Tensor, y: Tensor) -> Tensor:
    """Compare each pixel's 11 x 11 surroundings, borders reflected, by kornia.

    Args:
        x: ``[N, C, H, W]`` in [0, 1], of at least 6 x 6 pixels.
        y: likewise.

    Returns:
        ``[N, C, H, W]``, at most 1, float64; ``[..., INSIDE, INSIDE]`` is where the window lies inside.

    Raises:
        ValueError: smaller ones.

    Source:
        Wang, Bovik, Sheikh and Simoncelli 2004, equations 13 to 17.
    """
    from kornia.metrics import ssim

    if min(x.shape[-2:]) <= GAUSSIAN_RADIUS:
        raise ValueError(
            f"pictures are {x.shape[-2]} x {x.shape[-1]}, but the window reaches {GAUSSIAN_RADIUS} pixels beyond each. "
            f"Score pictures of at least {GAUSSIAN_RADIUS + 1} x {GAUSSIAN_RADIUS + 1}."
        )
    return ssim(x.double(), y.double(), 2 * GAUSSIAN_RADIUS + 1, eps=0.0)


def cw_ssim(restored: Tensor, sharp: Tensor, widths: int = WIDTHS) -> Tensor:
    """Score each picture by what pyssim calls CW-SSIM, which DeblurGAN's tables probably print.

    It is not the complex-wavelet index of Sampat et al. 2009 that it is named after: the gray picture is strung out
    row by row into one line and transformed by real Ricker wavelets of widths 1 to 30 samples. Per pixel, sums over
    widths take the place of the sums over neighbouring coefficients. Two unrelated photographs score about 0.5:
    compare it with nothing but itself.

    Args:
        restored: ``[N, 3 or 1, H, W]`` in [0, 1]; rounded to 8 bits, then to 8-bit gray as Pillow does.
        sharp: likewise.
        widths: number of wavelet widths, in samples from 1.

    Returns:
        ``[N]``, float64.

    Raises:
        ValueError: as for `picture_psnr`, or a picture has fewer pixels than the widest wavelet.

    Source:
        jterrace/pyssim, ``SSIM.cw_ssim_value``; written anew from its formula.
    """
    _check_pair(restored, sharp)
    pixels = restored.shape[-2] * restored.shape[-1]
    if pixels < 10 * widths:
        raise ValueError(f"restored has {pixels} pixels, but wavelets have {10 * widths}. Score larger pictures.")
    return torch.stack([_cw_ssim(_gray(x), _gray(y), widths) for x, y in zip(restored, sharp, strict=True)])


def _check_pair(restored: Tensor, sharp: Tensor) -> None:
    if restored.shape != sharp.shape or restored.ndim != 4:
        raise ValueError(
            f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Score pictures [N, C, H, W] alike."
        )
    check_image(restored, "restored")
    check_image(sharp, "sharp")


def _gray(image: Tensor) -> Tensor:
    """Round to 8-bit gray as Pillow converts RGB, strung out row by row."""
    levels = (eight_bit(image) * 255).round().long()
    if len(levels) == 1:
        return levels[0].flatten().double()
    weights = torch.tensor(PILLOW_LUMA, device=image.device).view(3, 1, 1)
    return (((levels * weights).sum(dim=0) + 32768) >> 16).flatten().double()


def _cw_ssim(x: Tensor, y: Tensor, widths: int) -> Tensor:
    length = next_fast_len(len(x) + 10 * widths - 1, real=True)
    spectra = torch.fft.rfft(torch.stack((x, y)), n=length)
    products, magnitudes, energies = torch.zeros(3, len(x), dtype=x.dtype, device=x.device).unbind()
    for width in range(1, widths + 1):
        wavelet = _ricker(width, x.device)
        transformed = torch.fft.irfft(spectra * torch.fft.rfft(wavelet, n=length), n=length)
        start = (len(wavelet) - 1) // 2
        a, b = transformed[:, start : start + len(x)]
        products += a * b
        magnitudes += (a * b).abs()
        energies += a * a + b * b
    k = CW_SSIM_STABILISER
    return ((2 * magnitudes + k) / (energies + k) * (2 * products.abs() + k) / (2 * magnitudes + k)).mean()


def _ricker(width: int, device: torch.device) -> Tensor:
    """Sample the Ricker wavelet ("Mexican hat") at ten times its width, as SciPy did until 1.14."""
    position = torch.arange(10 * width, dtype=torch.float64, device=device) - (10 * width - 1) / 2
    square = (position / width) ** 2
    return 2 / (math.sqrt(3 * width) * math.pi**0.25) * (1 - square) * torch.exp(-square / 2)
