"""Train DeblurGAN (Kupyn et al. 2018, arXiv 1711.07064)."""

import math
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.losses import Content, PerceptualContent, critic_loss, generator_loss, gradient_penalty
from deblur_lightning.losses.factors import check_factor
from deblur_lightning.modules.restoration import RestorationModule
from deblur_lightning.networks import DeblurGANGenerator, PatchCritic
from deblur_lightning.networks.deblurgan import start_gently


@dataclass(frozen=True)
class Game:
    """How generator and critic play.

    Attributes:
        weight: factor of the generator's adversarial loss; at 0 there is no critic.
        critic_steps: steps of the critic before each of the generator; published 5.

    Raises:
        ValueError: no step, or a factor that is negative or not finite.
    """

    weight: float = 1.0
    critic_steps: int = 5

    def __post_init__(self) -> None:
        check_factor("game.weight", self.weight)
        if self.critic_steps < 1:
            raise ValueError(f"critic_steps is {self.critic_steps}, but a critic takes steps. Pass at least 1.")


@dataclass(frozen=True)
class Penalty:
    """The gradient penalty, see `gradient_penalty`.

    Attributes:
        weight: its factor; published 10.
        mix: whether each sample or each batch has its own place between sharp and restored.
        norm: whether the norm of the slope is a whole sample's, or each pixel's, as the authors' code has it.

    Raises:
        ValueError: a factor that is negative or not finite.
    """

    weight: float = 10.0
    mix: Literal["sample", "batch"] = "sample"
    norm: Literal["sample", "channel"] = "sample"

    def __post_init__(self) -> None:
        check_factor("penalty.weight", self.weight)


@dataclass(frozen=True)
class Rate:
    """The learning rate of both networks.

    Attributes:
        learning_rate: at the start.
        betas: of both Adams.
        constant_epochs: epochs at that rate; published 150.
        decay_epochs: epochs of a linear way to zero after them; published 150.

    Raises:
        ValueError: a rate that is not above 0, or a negative count.
    """

    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.999)
    constant_epochs: int = 150
    decay_epochs: int = 150

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate is {self.learning_rate}, but it is a number above 0. Pass 1e-4.")
        for name in ("constant_epochs", "decay_epochs"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}, but it counts epochs. Pass 0 or more.")

    def share(self, epoch: int) -> float:
        """Return what is left of the rate in an epoch, from 1 to 0."""
        late = max(0, epoch - self.constant_epochs)
        return max(0.0, 1 - late / self.decay_epochs) if self.decay_epochs else 1.0


class DeblurGANModule(RestorationModule):
    """Map blurry to sharp, judged by a critic and by what VGG-19 sees.

    One update restores a batch once. The critic takes its steps on those pictures, then the generator its one: it has
    not changed meanwhile, so its pictures still hold, as in the authors' code.

    Args:
        deblurrer: its generator is trained; the published one if None.
        critic: the published one if None.
        content: what sharp and restored pictures are compared by; VGG-19's features if None.
        penalty: of the critic's slope; as published, with the definition's norm, if None.
        game: of both networks; as published if None.
        rate: of learning; as published if None.
        gentle: begin with a difference of nothing, that is the blurry picture itself, whatever the generator's last
            convolution holds (ours); a short training then spends no steps on unlearning the published random one.
        accumulate: batches whose gradients make one step.

    Raises:
        ValueError: counts of nothing, or a deblurrer of display values (``signed=False``). When training begins: a
            precision of 16-true, or a file without VGG-19's weights.
        FileNotFoundError: when training begins: VGG-19's weights can be had from nowhere.
    """

    deblurrer: DirectDeblurrer

    def __init__(
        self,
        deblurrer: DirectDeblurrer | None = None,
        critic: PatchCritic | None = None,
        content: Content | None = None,
        penalty: Penalty | None = None,
        game: Game | None = None,
        rate: Rate | None = None,
        gentle: bool = False,
        accumulate: int = 1,
    ) -> None:
        super().__init__(DirectDeblurrer() if deblurrer is None else deblurrer)
        if not self.deblurrer.signed:
            raise ValueError("the generator takes [0, 1], but DeblurGAN trains it on [-1, 1]. Pass signed=True.")
        if accumulate < 1:
            raise ValueError(f"accumulate is {accumulate}, but it counts batches. Pass at least 1.")
        self.automatic_optimization = False
        self.critic = PatchCritic() if critic is None else critic
        self.content = PerceptualContent() if content is None else content
        self.penalty = Penalty() if penalty is None else penalty
        self.game = Game() if game is None else game
        self.rate = Rate() if rate is None else rate
        self.accumulate = accumulate
        if gentle:
            self._start_gently()
        self._waiting: list[Batch] = []
        played = {"penalty": asdict(self.penalty), "game": asdict(self.game), "rate": asdict(self.rate)}
        self.keep_recipe(critic=self.critic, content=self.content, gentle=gentle, accumulate=accumulate, **played)

    @property
    def generator(self) -> torch.nn.Module:
        """The network that restores."""
        return self.deblurrer.generator

    def prepare_data(self) -> None:
        if self.trainer.training:
            self.content.find()

    def on_fit_start(self) -> None:
        super().on_fit_start()
        self.content.load(self.device)  # known only after `setup`

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures ``[N, 3 or 1, H, W]`` in [0, 1], display values; answers may stray from that range.

        Raises:
            ValueError: another number of axes or channels, or under 8 x 8 pixels.
        """
        return self.deblurrer.generate(blurry)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        self._waiting.append(batch)
        last = batch_idx + 1 == self.trainer.num_training_batches or self.trainer.is_last_batch  # of unknown length
        if len(self._waiting) == self.accumulate or last:
            batches, self._waiting = self._waiting, []
            self._update(batches)

    @property
    def between_steps(self) -> bool:
        """Tell whether no batch waits for its step."""
        return not self._waiting

    def on_train_epoch_end(self) -> None:
        generator, critic = self.lr_schedulers()  # type: ignore[misc]
        generator.step()
        if self.game.weight:
            critic.step()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        generator, critic = (
            Adam(network.parameters(), self.rate.learning_rate, self.rate.betas)
            for network in (self.generator, self.critic)
        )
        return [generator, critic], [LambdaLR(optimizer, self.rate.share) for optimizer in (generator, critic)]

    def _start_gently(self) -> None:
        if not (isinstance(self.generator, DeblurGANGenerator) and self.generator.residual):
            raise ValueError(
                "gentle starts at the blurry picture, but this generator draws no difference to it. Pass residual=True."
            )
        start_gently(self.generator)

    def _update(self, batches: list[Batch]) -> None:
        """Let the critic take its steps and the generator its one, each on all pictures of some batches."""
        generator, critic = self.optimizers()  # type: ignore[attr-defined]
        total = sum(len(batch["blurry"]) for batch in batches)
        pairs = []
        for batch in batches:
            restored = self.generator(2 * batch["blurry"] - 1)
            pairs.append((restored, 2 * batch["sharp"] - 1, len(restored) / total))
        if self.game.weight:
            self.toggle_optimizer(critic)
            for _ in range(self.game.critic_steps):
                critic.zero_grad()
                for restored, sharp, share in pairs:
                    self.manual_backward(share * self._critic_loss(restored.detach(), sharp))
                critic.step()
            self.untoggle_optimizer(critic)
        self.toggle_optimizer(generator)
        generator.zero_grad()
        for restored, sharp, share in pairs:
            self.manual_backward(share * self._generator_loss(restored, sharp))
        generator.step()
        self.untoggle_optimizer(generator)

    def _critic_loss(self, restored: Tensor, sharp: Tensor) -> Tensor:
        game = critic_loss(self._score_patches(sharp), self._score_patches(restored))
        slope = partial(self._slope_of_scores, mixed=torch.is_autocast_enabled(sharp.device.type))
        penalty = gradient_penalty(
            self._score_patches, sharp, restored, mix=self.penalty.mix, norm=self.penalty.norm, slope=slope
        )
        self._log(len(sharp), critic_loss=game, gradient_penalty=penalty)
        return game + self.penalty.weight * penalty

    def _generator_loss(self, restored: Tensor, sharp: Tensor) -> Tensor:
        content = self.content(restored, sharp)
        loss = self.content.weight * content
        self._log(len(sharp), content_loss=content)
        if self.game.weight:
            game = generator_loss(self._score_patches(restored))
            self._log(len(sharp), adversarial_loss=game)
            loss = loss + self.game.weight * game
        self._log(len(sharp), prog_bar=True, loss=loss)
        return loss

    def _score_patches(self, pictures: Tensor) -> Tensor:
        """Let the critic score pictures in the precision of its weights; scores are float32."""
        return self.critic(pictures.to(self.dtype)).float()

    def _slope_of_scores(self, pictures: Tensor, mixed: bool) -> Tensor:
        """Differentiate the sum of scores; mixed precision reaches its convolutions if it has float32's range."""
        device = pictures.device.type
        wide = mixed and torch.get_autocast_dtype(device) == torch.bfloat16
        with torch.autocast(device, torch.bfloat16, enabled=wide):
            return self.critic.slope(pictures.to(self.dtype)).float()

    def _log(self, size: int, prog_bar: bool = False, **losses: Tensor) -> None:
        self.log_dict(
            {f"train/{name}": loss.detach() for name, loss in losses.items()}, prog_bar=prog_bar, batch_size=size,
            on_step=False, on_epoch=True, sync_dist=True,
        )  # fmt: skip
