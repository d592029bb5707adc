"""An update of the published DeblurGAN (11.4 M parameters and a critic of 2.8 M), 1 x 256 x 256, without Lightning.

The plain update runs the generator anew for each of the critic's five steps, leaves every gradient on, and has autograd
differentiate the penalty twice. VGG-19's weights are random: its time does not depend on them.
"""

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from benchmarks.comparison import Case
from deblur_lightning.batch import Batch
from deblur_lightning.losses import critic_loss, generator_loss, gradient_penalty
from deblur_lightning.modules import DeblurGANModule
from deblur_lightning.networks import VGGFeatures

SIDE = 256


class Alone(DeblurGANModule):
    """The module's own update, for which this stands in for a Trainer; a learning rate of 0 leaves it as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._features = [VGGFeatures().requires_grad_(requires_grad=False)]
        self.pair: list[Optimizer] = [Adam(network.parameters(), lr=0.0) for network in (self.generator, self.critic)]

    def optimizers(self) -> list[Optimizer]:  # type: ignore[override]
        """Return both Adams."""
        return self.pair

    def toggle_optimizer(self, optimizer: Optimizer) -> None:  # type: ignore[override]
        """Let only this optimiser's network learn."""
        for other in self.pair:
            for weights in other.param_groups[0]["params"]:
                weights.requires_grad_(other is optimizer)

    def untoggle_optimizer(self, optimizer: Optimizer) -> None:  # type: ignore[override]
        """Let both learn again."""
        self.requires_grad_()

    def manual_backward(self, loss: Tensor, *arguments: object, **options: object) -> None:
        """Differentiate."""
        loss.backward()

    def log_dict(self, *arguments: object, **options: object) -> None:  # type: ignore[override]
        """Log nothing."""


def cases() -> Iterator[Case]:
    """A critic's step; the whole update."""
    generator = torch.Generator().manual_seed(0)
    blurry, sharp = torch.rand(2, 1, 3, SIDE, SIDE, generator=generator)
    batch: Batch = {"blurry": blurry, "sharp": sharp, "name": ["random"]}
    usual, reordered = Alone(), Alone().to(memory_format=torch.channels_last)
    for task, plain, ours in (("a critic's step", plain_critic, critic), ("an update", plain_update, update)):
        yield Case(
            f"{task}, 1 x {SIDE} x {SIDE}",
            {
                "plain": partial(plain, usual, batch),
                "DeblurGANModule": partial(ours, usual, batch),
                "plain, bf16": partial(in_bf16, plain, usual, batch),
                "DeblurGANModule, bf16": partial(in_bf16, ours, usual, batch),
                "DeblurGANModule, bf16, channels_last": partial(in_bf16, ours, reordered, batch),
            },
        )


def critic(module: Alone, batch: Batch) -> None:
    """Take the module's own step of the critic, on the blurry pictures for restored ones."""
    module.critic.zero_grad()
    module._critic_loss(2 * batch["blurry"] - 1, 2 * batch["sharp"] - 1).backward()
    module.pair[1].step()


def plain_critic(module: Alone, batch: Batch) -> None:
    """Take the same step with the penalty differentiated twice by autograd."""
    play(module.critic, module.pair[1], 2 * batch["blurry"] - 1, 2 * batch["sharp"] - 1)


def update(module: Alone, batch: Batch) -> None:
    """Take the module's own update."""
    module._update([batch])


def plain_update(module: Alone, batch: Batch) -> None:
    """Take five steps of the critic and one of the generator, each from the blurry pictures on."""
    generator, critic, features = module.generator, module.critic, module._features[0]
    blurry, sharp = 2 * batch["blurry"] - 1, 2 * batch["sharp"] - 1
    for _ in range(5):
        play(critic, module.pair[1], generator(blurry).detach(), sharp)
    module.pair[0].zero_grad()
    restored = generator(blurry)
    content = F.mse_loss(features(restored), features(sharp))
    (100 * content.float() + generator_loss(critic(restored).float())).backward()
    module.pair[0].step()


def play(critic: nn.Module, optimizer: Optimizer, restored: Tensor, sharp: Tensor) -> None:
    """Take one step of the critic."""
    optimizer.zero_grad()
    game = critic_loss(critic(sharp).float(), critic(restored).float())
    (game + 10 * gradient_penalty(critic, sharp, restored)).backward()
    optimizer.step()


def in_bf16(run: Callable[[Alone, Batch], None], module: Alone, batch: Batch) -> None:
    """Run under autocast."""
    with torch.autocast("cpu", torch.bfloat16):
        run(module, batch)
