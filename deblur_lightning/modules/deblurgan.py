"""DeblurGAN as a LightningModule (Kupyn et al. 2018, arXiv 1711.07064)."""

from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR

from deblur_lightning.batch import Batch
from deblur_lightning.image import check_image
from deblur_lightning.losses import critic_loss, generator_loss, gradient_penalty, perceptual_loss
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.modules.evaluation import RestorationModule
from deblur_lightning.networks import DeblurGANGenerator, PatchCritic
from deblur_lightning.networks.deblurgan import start_gently, start_small
from deblur_lightning.networks.vgg import find_vgg, load_vgg


class DeblurGANModule(RestorationModule):
    """Map blurry to sharp, judged by a critic and by what VGG-19 sees.

    One update restores a batch once. The critic takes its steps on those pictures, then the generator its one: it has
    not changed meanwhile, so its pictures still hold, as in the authors' code.

    Args:
        width: channels of the generator's first stage; published 64.
        blocks: its residual blocks; published 9.
        convolutions: in each block; 2 as released, 1 as in the authors' later code.
        dropout: in each block, in training.
        residual: whether the generator draws the difference to the blurry picture.
        gentle: begin with a difference of nothing, that is the blurry picture itself, not with the published random
            one (ours); a short training then spends no steps on unlearning it.
        critic_width: channels of the critic's first stage; published 64.
        critic_steps: steps of the critic before each of the generator; published 5.
        adversarial_weight: factor of the generator's adversarial loss; at 0 there is no critic.
        content: what sharp and restored pictures are compared by: VGG-19's features or their pixels (L1, ours).
        content_weight: its factor; published 100.
        vgg_weights: VGG-19's weights in torchvision's format; torch's cache, or their download, if None.
        penalty_weight: factor of the gradient penalty; published 10.
        penalty_mix: whether each sample or each batch has its own place between sharp and restored.
        penalty_norm: whether the norm of the slope is a whole sample's, or each pixel's, as the authors' code has it.
        learning_rate: of both networks.
        betas: of both Adams.
        constant_epochs: epochs at that rate; published 150.
        decay_epochs: epochs of a linear way to zero after them; published 150.
        accumulate: batches whose gradients make one step.

    Raises:
        ValueError: counts of nothing, or a network that there is not. When training begins: a precision of 16-true,
            or a file without VGG-19's weights.
        FileNotFoundError: when training begins: VGG-19's weights can be had from nowhere.
    """

    whole_pixels = 2048**2
    """Normalisation sees the whole picture. At the published width this takes 4 GB: 935 bytes a pixel."""

    def __init__(
        self,
        width: int = 64,
        blocks: int = 9,
        convolutions: Literal[1, 2] = 2,
        dropout: float = 0.5,
        residual: bool = True,
        gentle: bool = False,
        critic_width: int = 64,
        critic_steps: int = 5,
        adversarial_weight: float = 1.0,
        content: Literal["perceptual", "l1"] = "perceptual",
        content_weight: float = 100.0,
        vgg_weights: Path | None = None,
        penalty_weight: float = 10.0,
        penalty_mix: Literal["sample", "batch"] = "sample",
        penalty_norm: Literal["sample", "channel"] = "sample",
        learning_rate: float = 1e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        constant_epochs: int = 150,
        decay_epochs: int = 150,
        accumulate: int = 1,
    ) -> None:
        super().__init__(further=("blurry_psnr",))
        if critic_steps < 1 or accumulate < 1:
            raise ValueError(
                f"critic_steps is {critic_steps} and accumulate {accumulate}, but both count. Pass at least 1."
            )
        if gentle and not residual:
            raise ValueError(
                "gentle starts at the blurry picture, but this generator draws no difference to it. Pass residual=True."
            )
        self.save_hyperparameters(ignore="vgg_weights")  # a path of this machine
        self.automatic_optimization = False
        self.generator = DeblurGANGenerator(width, blocks, convolutions, dropout, residual)
        self.critic = PatchCritic(critic_width)
        start_small(self)
        if gentle:
            start_gently(self.generator)
        self.critic_steps, self.accumulate = critic_steps, accumulate
        self.adversarial_weight, self.penalty_weight = adversarial_weight, penalty_weight
        self.penalty_mix, self.penalty_norm = penalty_mix, penalty_norm
        self.content, self.content_weight, self.vgg_weights = content, content_weight, vgg_weights
        self.learning_rate, self.betas = learning_rate, betas
        self.constant_epochs, self.decay_epochs = constant_epochs, decay_epochs
        self._features: list[torch.nn.Module] = []  # in a list, so that VGG-19 is neither trained nor saved
        self._waiting: list[Batch] = []

    def prepare_data(self) -> None:
        if self.content == "perceptual" and self.trainer.training:
            find_vgg(self.vgg_weights)

    def setup(self, stage: str) -> None:
        super().setup(stage)
        if stage == "fit" and self.trainer.precision == "16-true":
            raise ValueError(
                "precision is 16-true, but Adam's smallest divisor is nothing in float16 and its steps become NaN. "
                "Pass bf16-true, bf16-mixed or 16-mixed."
            )
        if stage == "fit" and self.content == "perceptual":
            self._features = [load_vgg(find_vgg(self.vgg_weights))]

    def on_fit_start(self) -> None:
        self._features = [features.to(self.device) for features in self._features]  # known only after `setup`

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures ``[N, 3 or 1, H, W]`` in [0, 1], display values.

        Raises:
            ValueError: another number of axes or channels, or under 8 x 8 pixels.
        """
        gray = blurry.shape[1] == 1
        restored = self.generator(2 * blurry.expand(-1, 3, -1, -1) - 1)
        restored = (restored.float() + 1) / 2
        return restored.mean(dim=1, keepdim=True) if gray else restored

    def restore(self, blurry: Tensor) -> Tensor:
        """Return sharp pictures of the shape and range of ``blurry``.

        Raises:
            ValueError: no pictures in [0, 1], or under 8 x 8 pixels.
        """
        check_image(blurry, "blurry")
        return self(blurry).clamp(0, 1)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep this module's critic where a checkpoint has none, as imported weights: only training needs one."""
        if not any(name.startswith("critic.") for name in checkpoint["state_dict"]):
            ours = {f"critic.{name}": weight for name, weight in self.critic.state_dict().items()}
            checkpoint["state_dict"] = {**checkpoint["state_dict"], **ours}

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
        if self.adversarial_weight:
            critic.step()

    def measure(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Restore a batch; measure the blurry input beside it, PSNR in dB.

        Raises:
            ValueError: no pictures in [0, 1], or under 8 x 8 pixels.
        """
        return self.restore(batch["blurry"]), {"blurry_psnr": picture_psnr(batch["blurry"], batch["sharp"])}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        generator, critic = (
            Adam(network.parameters(), self.learning_rate, self.betas) for network in (self.generator, self.critic)
        )
        return [generator, critic], [LambdaLR(optimizer, self._share_of_rate) for optimizer in (generator, critic)]

    def _share_of_rate(self, epoch: int) -> float:
        late = max(0, epoch - self.constant_epochs)
        return max(0.0, 1 - late / self.decay_epochs) if self.decay_epochs else 1.0

    def _update(self, batches: list[Batch]) -> None:
        """Let the critic take its steps and the generator its one, each on all pictures of some batches."""
        generator, critic = self.optimizers()  # type: ignore[attr-defined]
        total = sum(len(batch["blurry"]) for batch in batches)
        pairs = []
        for batch in batches:
            restored = self.generator(2 * batch["blurry"] - 1)
            pairs.append((restored, 2 * batch["sharp"] - 1, len(restored) / total))
        if self.adversarial_weight:
            self.toggle_optimizer(critic)
            for _ in range(self.critic_steps):
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
            self._score_patches, sharp, restored, mix=self.penalty_mix, norm=self.penalty_norm, slope=slope
        )
        self._log(len(sharp), critic_loss=game, gradient_penalty=penalty)
        return game + self.penalty_weight * penalty

    def _generator_loss(self, restored: Tensor, sharp: Tensor) -> Tensor:
        if self.content == "perceptual":
            content = perceptual_loss(restored.float(), sharp.float(), self._features[0])
        else:
            content = F.l1_loss(restored.float(), sharp.float())
        loss = self.content_weight * content
        self._log(len(sharp), content_loss=content)
        if self.adversarial_weight:
            game = generator_loss(self._score_patches(restored))
            self._log(len(sharp), adversarial_loss=game)
            loss = loss + self.adversarial_weight * game
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
            on_step=False, on_epoch=True,
        )  # fmt: skip
