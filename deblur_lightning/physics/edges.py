"""Differences between neighbouring pixels, their transpose, and how dear each one is to a hyper-Laplacian prior."""

from torch import Tensor

SMALLEST = 1e-2  # of linear light; smaller differences are as dear as this one, or flat parts would weigh without bound


def differences(image: Tensor) -> tuple[Tensor, Tensor]:
    """To the right ``[..., H, W - 1]`` and down ``[..., H - 1, W]``."""
    return image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :]


def add_differences_transposed_(image: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Add the transpose of `differences` to an image, in place."""
    image[..., 1:] += across
    image[..., :-1] -= across
    image[..., 1:, :] += down
    image[..., :-1, :] -= down
    return image


def prior_weights(image: Tensor, exponent: float, strength: float) -> tuple[Tensor, Tensor]:
    """Weigh squared differences so that they stand for ``|difference| ** exponent``: few large rather than many small.

    ``lambda (d² + eps²) ** (p / 2 - 1)``, the reweighting of iteratively reweighted least squares (Levin et al. 2007).

    Args:
        image: ``[..., H, W]``, linear light, of which the differences d are taken.
        exponent: p.
        strength: lambda, the weight of the prior against the squared misfit.

    Returns:
        Of the differences to the right ``[..., H, W - 1]`` and down ``[..., H - 1, W]``.
    """
    slopes = differences(image)
    across, down = (slope.square_().add_(SMALLEST**2).pow_(exponent / 2 - 1).mul_(strength) for slope in slopes)
    return across, down


def smoothing_(image: Tensor, direction: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
    """Add ``D^T W D direction`` to an image, in place."""
    across, down = differences(direction)
    return add_differences_transposed_(image, across.mul_(weights[0]), down.mul_(weights[1]))
