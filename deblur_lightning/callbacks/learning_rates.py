"""LearningRates: Lightning's monitor of learning rates, for trainings with and without a logger."""

from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import LearningRateMonitor


class LearningRates(LearningRateMonitor):
    """Log each optimiser's learning rate, where there is a logger."""

    def on_train_start(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Lightning's
        """Look up the optimisers."""
        if trainer.loggers:
            super().on_train_start(trainer, *args, **kwargs)

    def on_train_batch_start(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Log those that change with each step."""
        if trainer.loggers:
            super().on_train_batch_start(trainer, *args, **kwargs)

    def on_train_epoch_start(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Log those that change with each epoch."""
        if trainer.loggers:
            super().on_train_epoch_start(trainer, *args, **kwargs)
