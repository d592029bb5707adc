"""A training step of the published adaptive basis network (79.8 M parameters), 256 x 256 with 33 x 33 kernels.

The plain step takes its losses from a loop over the kernels and from every pixel's kernel written out.
"""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam

from benchmarks.comparison import Case
from benchmarks.comparisons.blur import loop
from benchmarks.comparisons.kernel_loss import written_out
from benchmarks.fields import random_field
from deblur_lightning import KernelField
from deblur_lightning.losses import kernel_loss, reblur_loss
from deblur_lightning.networks import AdaptiveBasisNetwork
from deblur_lightning.physics import saturate, to_display, to_linear

SIDE, GAMMA = 256, 2.2

Losses = Callable[[KernelField, KernelField, Tensor, Tensor], Tensor]


def cases() -> Iterator[Case]:
    """Both losses with their gradients; the network, its losses, backward and Adam, one picture and two."""
    generator = torch.Generator().manual_seed(0)
    blurry, sharp = torch.rand(2, 2, 3, SIDE, SIDE, generator=generator)
    target = random_field(2, 4, 33, SIDE, SIDE, seed=1)
    predicted = random_field(1, 25, 33, SIDE, SIDE, learning=True)
    yield Case(
        f"reblur and kernel loss with gradients, 1 x {SIDE} x {SIDE}",
        {
            "plain": partial(gradients, plain_losses, predicted, first(target, 1), blurry[:1], sharp[:1]),
            "losses": partial(gradients, losses, predicted, first(target, 1), blurry[:1], sharp[:1]),
        },
    )
    usual, reordered = AdaptiveBasisNetwork(), AdaptiveBasisNetwork().to(memory_format=torch.channels_last)
    steps = [
        partial(train, usual, Adam(usual.parameters(), lr=0.0)),
        partial(train, reordered, Adam(reordered.parameters(), lr=0.0)),
        partial(train, reordered, Adam(reordered.parameters(), lr=0.0, fused=True)),
    ]
    for pictures in (1, 2):
        batch = (first(target, pictures), blurry[:pictures], sharp[:pictures])
        yield Case(
            f"whole step, {pictures} x {SIDE} x {SIDE}",
            {
                "plain losses": partial(steps[0], *batch, plain_losses),
                "losses": partial(steps[0], *batch, losses),
                "losses, bf16": partial(steps[0], *batch, losses, bf16=True),
                "losses, bf16, channels_last": partial(steps[1], *batch, losses, bf16=True),
                "losses, bf16, channels_last, fused Adam": partial(steps[2], *batch, losses, bf16=True),
            },
        )


def first(field: KernelField, pictures: int) -> KernelField:
    """Keep the field of the first pictures."""
    return KernelField(*(part[:pictures] for part in field))


def plain_losses(field: KernelField, target: KernelField, blurry: Tensor, sharp: Tensor) -> Tensor:
    """Blur with one kernel after the other, and build every pixel's two kernels."""
    reblurred = to_display(saturate(loop(to_linear(sharp, GAMMA), field)), GAMMA)
    return (reblurred - blurry).square().sum() / len(blurry) + written_out(field, target, 2)


def losses(field: KernelField, target: KernelField, blurry: Tensor, sharp: Tensor) -> Tensor:
    """Take both from the package."""
    return reblur_loss(blurry, sharp, field, gamma=GAMMA) + kernel_loss(field, target)


def gradients(
    together: Losses, predicted: KernelField, target: KernelField, blurry: Tensor, sharp: Tensor
) -> list[Tensor]:
    """Differentiate both losses by the predicted field."""
    return list(torch.autograd.grad(together(predicted, target, blurry, sharp), list(predicted)))


def train(
    network: nn.Module,
    optimizer: Adam,
    target: KernelField,
    blurry: Tensor,
    sharp: Tensor,
    together: Losses,
    *,
    bf16: bool = False,
) -> None:
    """Take one step, as Lightning does; a learning rate of 0 leaves the network as it is."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        field = network(blurry**GAMMA - 0.5)
        total = together(KernelField(*(part.float() for part in field)), target, blurry, sharp)
    total.backward()
    optimizer.step()
    optimizer.zero_grad()
