"""The kernel loss and its gradients beside the per-pixel kernels written out: 25 kernels of 33 x 33, 4 true ones."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from benchmarks.comparison import Case
from benchmarks.fields import random_field
from deblur_lightning import KernelField
from deblur_lightning.losses import kernel_loss


def cases() -> Iterator[Case]:
    """L2 and L1 of two pictures of 256 x 256."""
    predicted = random_field(2, 25, 33, 256, 256, learning=True)
    target = random_field(2, 4, 33, 256, 256, seed=1)
    for p in (2, 1):
        yield Case(
            f"L{p}, forward and backward, 2 x 256 x 256",
            {
                "per-pixel kernels": partial(gradients, partial(written_out, p=p), predicted, target),
                "kernel_loss": partial(gradients, partial(kernel_loss, p=p), predicted, target),
            },
        )


def written_out(predicted: KernelField, target: KernelField, p: int) -> Tensor:
    """Build every pixel's two kernels, as the formula reads."""
    kernels, true = (
        torch.einsum("nbk,nbp->nkp", field.basis.flatten(2), field.coefficients.flatten(2))
        for field in (predicted, target)
    )
    return (kernels - true).abs().pow(p).sum() / len(kernels)


def gradients(
    loss: Callable[[KernelField, KernelField], Tensor], predicted: KernelField, target: KernelField
) -> list[Tensor]:
    """Differentiate a loss by the predicted field."""
    return list(torch.autograd.grad(loss(predicted, target), list(predicted)))
