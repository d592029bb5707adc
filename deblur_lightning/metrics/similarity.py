"""The PSNRs and SSIMs that deblurring papers print, each under its exact name; they differ on the same pair."""

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn.functional import conv2d

GAUSSIAN_SIGMA = 1.5
GAUSSIAN_RADIUS = 5  # scikit-image's 3.5 sigma, rounded: an 11 x 11 window
SSIM_STABILISERS = (0.01, 0.03)
CW_SSIM_STABILISER = 0.01
WIDTHS = 30
PILLOW_LUMA = (19595, 38470, 7471)  # 65536ths of R, G, B


def eight_bit(image: Tensor) -> Tensor:
    """Round pictures in [0, 1] to the 256 values that an 8-bit file holds, in float64."""
    return (image.double().clamp(0, 1) * 255).round() / 255


def psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture as GoPro tables print it: of 8-bit files, at full size.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1]; rounded to 8 bits first.
        sharp: likewise.

    Returns:
        ``[N]`` in dB, float64, infinite for identical pictures; a table prints its mean over pictures.

    Raises:
        ValueError: sizes differ.
    """
    _check_sizes(restored, sharp)
    return -10 * (eight_bit(restored) - eight_bit(sharp)).square().flatten(1).mean(dim=1).log10()


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
        ValueError: sizes differ, or a side is below the window's 11 pixels.

    Source:
        Wang, Bovik, Sheikh and Simoncelli 2004, equations 13 to 17.
    """
    _check_sizes(restored, sharp)
    if min(restored.shape[-2:]) <= 2 * GAUSSIAN_RADIUS:
        raise ValueError(f"restored is {list(restored.shape)}, but the window is 11 x 11. Score larger pictures.")
    return ssim_map(eight_bit(restored), eight_bit(sharp)).flatten(1).mean(dim=1)


def ssim_map(x: Tensor, y: Tensor) -> Tensor:
    """Compare each pixel's 11 x 11 surroundings, where they lie inside.

    Args:
        x: ``[N, C, H, W]`` in [0, 1].
        y: likewise.

    Returns:
        ``[N, C, H - 10, W - 10]``, at most 1.

    Source:
        Wang, Bovik, Sheikh and Simoncelli 2004, equations 13 to 17.
    """
    mean_x, mean_y, xx, yy, xy = _gaussian(torch.stack((x, y, x * x, y * y, x * y))).unbind()
    c1, c2 = (constant**2 for constant in SSIM_STABILISERS)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * (xy - mean_x * mean_y) + c2) / (xx - mean_x**2 + yy - mean_y**2 + c2)
    return luminance * structure


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
        ValueError: sizes differ, or a picture has fewer pixels than the widest wavelet.

    Source:
        jterrace/pyssim, ``SSIM.cw_ssim_value``; written anew from its formula.
    """
    _check_sizes(restored, sharp)
    pixels = restored.shape[-2] * restored.shape[-1]
    if pixels < 10 * widths:
        raise ValueError(f"restored has {pixels} pixels, but wavelets have {10 * widths}. Score larger pictures.")
    return torch.stack([_cw_ssim(_gray(x), _gray(y), widths) for x, y in zip(restored, sharp, strict=True)])


def _check_sizes(restored: Tensor, sharp: Tensor) -> None:
    if restored.shape != sharp.shape or restored.ndim != 4:
        raise ValueError(
            f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Score pictures [N, C, H, W] alike."
        )


def _gaussian(image: Tensor) -> Tensor:
    """Filter the last two axes with the 11-tap Gaussian, keeping where it lies inside."""
    offsets = torch.arange(-GAUSSIAN_RADIUS, GAUSSIAN_RADIUS + 1, dtype=image.dtype, device=image.device)
    taps = torch.exp(-0.5 * (offsets / GAUSSIAN_SIGMA) ** 2)
    taps = taps / taps.sum()
    planes = image.flatten(0, -3).unsqueeze(1)
    planes = conv2d(conv2d(planes, taps.view(1, 1, -1, 1)), taps.view(1, 1, 1, -1))
    return planes.view(*image.shape[:-2], *planes.shape[-2:])


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
