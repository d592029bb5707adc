"""ChannelsLast: weights whose channels lie side by side in memory."""

import torch
from pytorch_lightning import Callback, LightningModule, Trainer


class ChannelsLast(Callback):
    """Keep weights and what they compute in torch's channels_last order: pays on CPUs and GPUs with bf16 arithmetic.

    Only the order in memory changes: shapes, checkpoints and, to rounding, results stay. Goes with
    ``--trainer.precision bf16-mixed``.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Reorder what there is, before an optimiser takes it."""
        pl_module.to(memory_format=torch.channels_last)
