"""Train the network that guesses the path of a camera, or that path backwards: ours."""

from typing import Literal

from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch, check_batch
from deblur_lightning.deblurring import describe
from deblur_lightning.losses import reversible_cross_entropy
from deblur_lightning.modules.schedule import scheduled
from deblur_lightning.networks import PathNetwork, path_features, reflections
from deblur_lightning.physics import to_linear


class PathModule(LightningModule):
    """Train a `PathNetwork` on pictures that one kernel blurred; `deblur import-weights --path` adds it to a model.

    Logs the loss, a cross-entropy in nats that forgives reversed kernels, as ``train/path_loss`` and
    ``val/path_loss``.

    Args:
        network: the default one if None.
        gamma: display to linear light.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.
    """

    def __init__(
        self,
        network: PathNetwork | None = None,
        gamma: float = 2.2,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
    ) -> None:
        super().__init__()
        self.network, self.gamma = PathNetwork() if network is None else network, gamma
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval
        self.save_hyperparameters({"path_network": describe(self.network), "gamma": gamma})

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        if batch_idx == 0:
            check_batch(batch)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = self._loss(batch)
        self.log("train/path_loss", loss, prog_bar=True, batch_size=len(batch["name"]))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.log("val/path_loss", self._loss(batch), sync_dist=True, batch_size=len(batch["name"]))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return scheduled(self.optimizer(self.parameters()), self.scheduler, self.scheduler_interval)

    def _loss(self, batch: Batch) -> Tensor:
        features = path_features(to_linear(batch["blurry"], self.gamma), self.network.kernel_size)
        features, kernels = reflections(features, batch["field"].mean_kernel())
        return reversible_cross_entropy(self.network(features), kernels)
