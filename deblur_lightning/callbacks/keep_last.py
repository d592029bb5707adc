"""KeepLast: a training that is killed, preempted or stopped goes on where it was."""

import copy
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint
from pytorch_lightning.trainer.states import TrainerFn

from deblur_lightning.callbacks.checkpoint_files import WholeFileCheckpoints

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class KeepLast(Checkpoint):
    """Keep ``last.ckpt``: at the end of each epoch, every few minutes during one, and before SIGTERM or Ctrl-C end it.

    Only states from which a run goes on exactly are saved: between optimiser steps, never while gradients accumulate;
    during a validation the state before it, so that it is made again as a whole. A signal is heeded at the next such
    place, on whichever process it arrives, with exit status 143 (130 for Ctrl-C, which ends at once when pressed
    again). With `StepSeeds` and data whose order depends on the epoch alone (all of ours), the resumed run ends in the
    same weights as the uninterrupted one, but for a `SeeingModule` that replays: what it keeps is not saved.

    The other checkpoints are written whole as well; see `WholeFileCheckpoints`.

    Args:
        minutes: between two checkpoints during an epoch; 0 saves after every step.
    """

    def __init__(self, minutes: float = 10.0) -> None:
        if not minutes >= 0:
            raise ValueError(f"minutes is {minutes}, but time goes forward. Pass 0 or more.")
        self.minutes = minutes
        self._saved_at = 0.0
        self._asked = 0  # the signal's number
        self._between_steps = self._put_off = False
        self._before_validation: dict[str, Any] | None = None
        self._handlers: dict[int, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Have every checkpoint written whole, and find out now whether there is a place for them.

        Raises:
            OSError: nothing can be written where checkpoints belong.
        """
        if stage != "fit" or _only_tried(trainer):
            return
        if type(trainer.strategy.checkpoint_io).save_checkpoint is TorchCheckpointIO.save_checkpoint:
            trainer.strategy.checkpoint_io = WholeFileCheckpoints()
        probe = self.path(trainer).with_name(".probe.ckpt")
        if trainer.is_global_zero:
            trainer.strategy.checkpoint_io.save_checkpoint({}, probe)
            probe.unlink()

    def path(self, trainer: Trainer) -> Path:
        """Return where ``last.ckpt`` is: beside the other checkpoints. Processes may ask each other: all or none."""
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, ModelCheckpoint) and callback.dirpath is not None:
                return Path(callback.dirpath) / "last.ckpt"
        return Path(trainer.log_dir or trainer.default_root_dir) / "checkpoints" / "last.ckpt"

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen to signals in place of Lightning, which would stop while gradients accumulate."""
        self._saved_at, self._asked = time.monotonic(), 0
        if threading.current_thread() is threading.main_thread():
            self._handlers = {number: signal.signal(number, self._on_signal) for number in SIGNALS}

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401
        batch_idx: int,
    ) -> None:
        """Save if it is time, or if the run ends here. An epoch's last batch waits for the epoch's end."""
        accumulated = (batch_idx + 1) % trainer.accumulate_grad_batches == 0 and getattr(
            pl_module, "between_steps", True
        )
        self._between_steps = trainer.is_last_batch or accumulated
        self._put_stop_off(trainer)
        if not self._between_steps or trainer.is_last_batch:
            return
        stop = self._must_stop(trainer)
        if stop or self._is_time(trainer, batch_idx) or _ends(trainer):
            self._save(trainer)
        if stop:
            self._leave(trainer)

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Remember the place before a validation: Lightning would go on within it, with part of the pictures."""
        if batch_idx or dataloader_idx or not self._training(trainer):
            return
        place = copy.deepcopy(trainer.fit_loop.state_dict())
        for count in place["epoch_loop.val_loop.batch_progress"].values():
            if isinstance(count, dict):
                count["started"] = count["ready"]  # as Lightning has it once the first batch is under way
        self._before_validation = place

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Heed a signal."""
        if self._training(trainer) and self._between_steps and self._must_stop(trainer):
            self._save(trainer)
            self._leave(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save if what it found ends the run during an epoch; forget the place before it."""
        if self._training(trainer):
            self._put_stop_off(trainer)
            if self._between_steps and not trainer.is_last_batch and _ends(trainer):
                self._save(trainer)
        self._before_validation = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save, unless something has ended the epoch early: that state is saved already."""
        if trainer.is_last_batch:
            self._save(trainer)
        if self._must_stop(trainer):
            self._leave(trainer)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Listen no more."""
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """During a validation, save the place before it."""
        if self._before_validation is not None:
            checkpoint["loops"]["fit_loop"] = self._before_validation

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = number

    def _put_stop_off(self, trainer: Trainer) -> None:
        """Let a run that a callback stops while gradients accumulate go on to the end of their step."""
        if trainer.should_stop and not self._between_steps:
            self._put_off, trainer.should_stop = True, False
        elif self._put_off and self._between_steps:
            self._put_off, trainer.should_stop = False, True

    def _must_stop(self, trainer: Trainer) -> bool:
        """Ask whether any process was told to stop."""
        asked = bool(self._asked)
        return asked if trainer.world_size == 1 else trainer.strategy.reduce_boolean_decision(asked, False)

    def _is_time(self, trainer: Trainer, batch_idx: int) -> bool:
        due = time.monotonic() - self._saved_at >= 60 * self.minutes
        return due if trainer.world_size == 1 else trainer.strategy.reduce_boolean_decision(due, False)

    def _training(self, trainer: Trainer) -> bool:
        return trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking

    def _save(self, trainer: Trainer) -> None:
        if not _only_tried(trainer):
            trainer.save_checkpoint(self.path(trainer), weights_only=False)
        self._saved_at = time.monotonic()

    def _leave(self, trainer: Trainer) -> None:
        number = signal.Signals(self._asked or signal.SIGTERM)  # another process may have been told
        rank_zero_info(
            f"{number.name}: stopped after step {trainer.global_step}. Resume: --ckpt_path {self.path(trainer)}"
        )
        raise SystemExit(128 + number)


def _ends(trainer: Trainer) -> bool:
    """Tell whether a run ends after this batch: by ``max_steps``, or since a callback asked for it, as Timer does."""
    if 0 < trainer.max_steps <= trainer.global_step:
        return True
    long_enough = trainer.current_epoch >= (trainer.min_epochs or 0)
    return trainer.should_stop and long_enough and trainer.global_step >= (trainer.min_steps or 0)


def _only_tried(trainer: Trainer) -> bool:
    return bool(trainer.fast_dev_run)  # type: ignore[attr-defined] # which Lightning sets by its connectors
