"""LearningRates: Lightning's monitor of learning rates, for trainings with and without a logger."""

from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import LearningRateMonitor


class LearningRates(LearningRateMonitor):
    """Log each optimiser's learning rate; without a logger, do nothing, where Lightning's own refuses to train."""

    def on_train_start(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Lightning's signature
        """Begin only where there is a logger."""
        if trainer.loggers:
            super().on_train_start(trainer, *args, **kwargs)
