"""StepSeeds: chance in training that depends on the step alone."""

import random
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer


class StepSeeds(Callback):
    """Seed the global random numbers of torch, NumPy and Python anew before each training step.

    What a step draws (dropout, gradient penalties) follows from the run's seed, the epoch, the batch's number and the
    process, so a run resumed at any step draws what the uninterrupted one did. The seed is the one of
    ``seed_everything``; a checkpoint carries it.
    """

    def __init__(self) -> None:
        self.seed: int | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the run's seed, before a checkpoint brings the interrupted run's."""
        if stage == "fit":
            self.seed = torch.initial_seed() % 2**63

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:  # noqa: ANN401
        """Seed the step."""
        place = (self.seed or 0, trainer.current_epoch, batch_idx, trainer.global_rank)
        draws = np.random.SeedSequence(place).generate_state(3, np.uint64)
        torch.manual_seed(int(draws[0] >> np.uint64(1)))
        random.seed(int(draws[1]))
        np.random.seed(int(draws[2] % np.uint64(2**32)))  # noqa: NPY002 - the global state is what others may draw from

    def state_dict(self) -> dict[str, Any]:
        """Return the seed."""
        return {"seed": self.seed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the interrupted run's seed."""
        self.seed = state_dict["seed"]
