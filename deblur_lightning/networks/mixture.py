"""Many kernels as mixtures of a few: the decomposition that a motion field is stored in, found from dense kernels."""

import torch
from torch import Tensor

STEPS = 40
LOOKED_AT = 2000  # kernels, at most, that the basis is found from; every so manieth of more
FURTHER_STEPS = 10  # for the coefficients of all, the basis being found
TINY = 1e-30  # keeps what is zero everywhere from dividing
SHARPNESS = 12.0  # of the first coefficients: how much a kernel prefers the basis kernel that it is likest to
SMALLEST = 1e-6  # of a basis kernel's pixels at first: what begins at zero stays there


def mixture_of(kernels: Tensor, count: int, steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Find basis kernels and mixing coefficients that make given kernels, by expectation and maximisation.

    Minimises the Kullback-Leibler divergence of the mixtures from the kernels. Both factors stay distributions in each
    step: no value becomes negative, sums stay 1.

    Args:
        kernels: ``[M, P]``, not negative, each of unit sum.
        count: basis kernels B, at most M of which are used.
        steps: of the alternation.

    Returns:
        Basis kernels ``[B, P]`` and coefficients ``[M, B]``, each row of unit sum.

    Source:
        Hofmann 1999 (probabilistic latent semantic analysis); the farthest kernels as a start are ours.
    """
    some = kernels[:: -(-len(kernels) // LOOKED_AT)]
    basis = farthest(some, min(count, len(some))) + SMALLEST
    basis = basis / basis.sum(1, keepdim=True)
    mixing = first_shares(some, basis)
    for _ in range(steps):
        excess = some / (mixing @ basis).clamp(min=TINY)
        basis, mixing = _unit(basis * (mixing.T @ excess)), _unit(mixing * (excess @ basis.T))
    if len(some) < len(kernels):
        mixing = first_shares(kernels, basis)
        for _ in range(FURTHER_STEPS):
            mixing = _unit(mixing * ((kernels / (mixing @ basis).clamp(min=TINY)) @ basis.T))
    return basis, mixing


def first_shares(kernels: Tensor, basis: Tensor) -> Tensor:
    """Guess the coefficients ``[M, B]`` of kernels ``[M, P]`` by how alike they are to basis kernels ``[B, P]``."""
    return (SHARPNESS * kernels.sqrt() @ basis.sqrt().T).softmax(1)


def _unit(rows: Tensor) -> Tensor:
    return rows / rows.sum(1, keepdim=True).clamp(min=TINY)


def farthest(kernels: Tensor, count: int) -> Tensor:
    """Pick the kernel likest to all of ``[M, P]``, then again and again the one least like those picked."""
    roots = kernels.sqrt()
    roots = roots / roots.norm(dim=1, keepdim=True)
    picked = [int((roots @ roots.mean(0)).argmax())]
    nearest = roots @ roots[picked[0]]
    for _ in range(count - 1):
        picked.append(int(nearest.argmin()))
        nearest = torch.maximum(nearest, roots @ roots[picked[-1]])
    return kernels[picked]
