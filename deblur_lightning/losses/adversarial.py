"""The Wasserstein game with a gradient penalty (Gulrajani et al. 2017, arXiv 1704.00028), as DeblurGAN plays it."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

SMALLEST = 1e-12  # of a squared norm: the root's slope stays finite


def critic_loss(sharp_scores: Tensor, restored_scores: Tensor) -> Tensor:
    """Ask the critic to score sharp pictures above restored ones.

    Args:
        sharp_scores: of sharp pictures, any shape.
        restored_scores: of restored ones.

    Returns:
        The difference of means, a scalar; its negative estimates the Wasserstein distance.

    Source:
        Kupyn et al. 2018, section 3.1 (arXiv 1711.07064).
    """
    return restored_scores.mean() - sharp_scores.mean()


def generator_loss(restored_scores: Tensor) -> Tensor:
    """Ask the generator for pictures that the critic scores high: ``-mean D(G(blurry))``.

    Args:
        restored_scores: of restored pictures, any shape.

    Returns:
        A scalar.

    Source:
        Kupyn et al. 2018, section 3.1 (arXiv 1711.07064).
    """
    return -restored_scores.mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    sharp: Tensor,
    restored: Tensor,
    *,
    mix: Literal["sample", "batch"] = "sample",
    norm: Literal["sample", "channel"] = "sample",
    slope: Callable[[Tensor], Tensor] | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Keep the critic's slope at 1 between sharp and restored pictures: ``mean (||grad D(x)|| - 1)²``.

    The defaults are the definition: each picture has its own place x between its sharp and its restored version, and
    one norm over all its values. The authors' code draws one place a batch and takes the norm over channels at each
    pixel: ``mix="batch"``, ``norm="channel"``.

    Args:
        critic: scores pictures.
        sharp: ``[N, C, H, W]``.
        restored: the same shape; no gradient reaches the generator.
        mix: whose the random places are.
        norm: what a norm is taken over.
        slope: differentiates the sum of the critic's scores by pictures, for critics that know it faster than autograd,
            see `PatchCritic`; autograd does if None.
        generator: source of the places, on the pictures' device; torch's own if None.

    Returns:
        A scalar to be weighted (published: 10), differentiable in the critic's parameters.

    Raises:
        ValueError: pictures of unequal shapes, or an unknown name.

    Source:
        Gulrajani et al. 2017, equation 3; Kupyn et al. 2018, section 3.1.
    """
    if sharp.shape != restored.shape:
        raise ValueError(f"sharp is {list(sharp.shape)}, but restored {list(restored.shape)}. Pass pairs.")
    if mix not in ("sample", "batch") or norm not in ("sample", "channel"):
        raise ValueError(f"mix is {mix} and norm {norm}, but both are named. Pass sample, batch or channel.")
    draws = len(sharp) if mix == "sample" else 1
    with torch.autocast(sharp.device.type, enabled=False):
        share = torch.rand(draws, 1, 1, 1, device=sharp.device, generator=generator, dtype=torch.float32)
        sharp, restored = (
            part.detach().to(torch.promote_types(part.dtype, torch.float32)) for part in (sharp, restored)
        )
        between = torch.lerp(restored, sharp, share.to(sharp.dtype))
        steepness = _differentiate(critic, between) if slope is None else slope(between)
        axes = (1, 2, 3) if norm == "sample" else (1,)
        length = steepness.square().sum(dim=axes).clamp(min=SMALLEST).sqrt()
        return (length - 1).square().mean()


def _differentiate(critic: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    pictures.requires_grad_()
    (slope,) = torch.autograd.grad(critic(pictures).sum(), pictures, create_graph=True)
    return slope
