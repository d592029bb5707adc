"""The last word on one kernel: estimates improved by a network that knows what they get wrong."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from deblur_lightning.estimation.choice import evidence_against
from deblur_lightning.estimation.kernel_hints import kernel_hints
from deblur_lightning.estimation.kernel_shape import centred
from deblur_lightning.estimation.natural_kernel import natural_kernel
from deblur_lightning.estimation.pyramid import Attempt, alike, lit_window
from deblur_lightning.networks import KernelRefiner

TURNS = (2, 3)  # of reading the kernel off; the second time the sharp picture belongs to the kernel of the first
LARGEST = 512  # pixels of a picture's longer side: larger ones tell enough, and to refine them takes seconds
SAME = 0.99  # likeness of what two ways of looking found: from it on it is taken for right
WORSE = 1.15  # times the evidence against the likelier estimate; right kernels had at most 1.16, wrong ones 1.2 to 5

Tell = Callable[[Tensor], Tensor]
"""Tells the mean kernel ``[K, K]`` of a picture ``[1, C, H, W]`` in linear light, by no estimate."""


@torch.no_grad()
def refined_kernel(colours: Tensor, found: Sequence[Attempt], refiner: KernelRefiner, tell: Tell) -> Tensor:
    """Improve what was found of a small picture's one kernel, where two ways of looking found it differently.

    The network tells a likely kernel, which is then read off the picture anew, held to the likely one as firmly as the
    picture is noisy; and once more, from what that kernel makes of the picture. If it explains the picture clearly
    worse than the likelier of those found (`evidence_against`), that one stays.

    Args:
        colours: the blurry picture, ``[C, H, W]``, linear light in [0, 1], sides as of `blind_kernel`; one with a side
            of more than 512 pixels keeps what was found.
        found: what the two ways of looking found, the likelier first, see `by_votes`.
        refiner: for kernels of this size.
        tell: another opinion.

    Returns:
        The kernel, ``[K, K]``, unit sum, its centre of mass within about a tenth of a pixel of the central one.

    Source:
        Schuler et al. 2016 (arXiv 1406.7444): a network between the turns of an alternation. This one is ours.
    """
    likelier, other = (one.kernel for one in found)
    if alike(found) >= SAME or max(colours.shape[-2:]) > LARGEST:
        return likelier
    told = tell(colours[None]).to(colours)
    light, _, noise = lit_window(colours.mean(0))
    kernel = likelier
    for turns in TURNS:
        hints = kernel_hints(light, kernel, other, told, noise)
        kernel, other = read_by(refiner, hints, light, noise, turns), kernel
    against, before = (evidence_against(light, one, noise=noise) for one in (kernel, likelier))
    return kernel if against <= WORSE * before else likelier


def read_by(refiner: KernelRefiner, hints: Tensor, light: Tensor, noise: float, turns: int) -> Tensor:
    """Read a kernel off a picture, held to what a refiner tells.

    Args:
        refiner: for kernels of this size.
        hints: ``[9, K, K]``, see `kernel_hints`.
        light: the blurry picture, as there.
        noise: likewise.
        turns: see `natural_kernel`.

    Returns:
        The kernel, ``[K, K]``, unit sum.
    """
    hints = hints.to(next(refiner.parameters()).device)
    likely = centred(refiner(hints[None], hints.new_tensor([noise]))[0].to(light))
    return natural_kernel(light, likely, turns=turns, noise=noise, likely=likely)
