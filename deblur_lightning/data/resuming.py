"""A training loader that goes on in the middle of an epoch, where an interrupted run stopped."""

from collections.abc import Sized
from typing import TYPE_CHECKING, Any

import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader, Dataset, DistributedSampler, SequentialSampler

from deblur_lightning.data.epoch_sampler import EpochSampler
from deblur_lightning.data.workers import leave_signals_to_training

if TYPE_CHECKING:
    Base = DataLoader[Any]
else:
    Base = DataLoader


class SameSampler(DistributedSampler[int], SequentialSampler):
    """Yield the same samples in the same order again and again, to be overfitted to; Lightning takes no other."""


class ResumableLoader(Base):
    """A DataLoader of shuffled training batches whose place in the epoch is the trainer's to tell.

    Lightning resumes its counters but would start the epoch's data anew. The order depends on seed and epoch alone,
    so it is enough to skip what the counters have seen; the loader has no state of its own to save.

    Args:
        dataset: samples by ``(epoch, index)``.
        batch_size: samples per batch and process.
        num_workers: loading processes.
        seed: of the order.
        trainer: the one that trains, if any.
        drop_last: drop an incomplete last batch, unless it is the only one.
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        batch_size: int,
        num_workers: int,
        seed: int,
        trainer: Trainer | None,
        drop_last: bool = True,
    ) -> None:
        if not isinstance(dataset, Sized):
            raise TypeError("dataset has no length, but its order is drawn beforehand. Give it __len__.")
        replicas, rank = (1, 0) if trainer is None else (trainer.world_size, trainer.global_rank)
        sampler: EpochSampler | SameSampler
        if trainer is not None and trainer.overfit_batches:  # type: ignore[attr-defined]
            sampler = SameSampler(dataset, replicas, rank, shuffle=False)
        else:
            sampler = EpochSampler(dataset, seed, replicas, rank)
        drop_last = drop_last and len(sampler) >= batch_size
        if trainer is not None and isinstance(sampler, EpochSampler):
            batches = len(sampler) // batch_size if drop_last else -(-len(sampler) // batch_size)
            sampler.epoch, seen = _place(trainer, batches)
            sampler.skip = seen * batch_size
        super().__init__(
            dataset,
            batch_size,
            sampler=sampler,
            num_workers=num_workers,
            drop_last=drop_last,
            pin_memory=torch.cuda.is_available(),
            persistent_workers=num_workers > 0,
            worker_init_fn=leave_signals_to_training,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return nothing, see the class; that the method exists tells Lightning that resuming works."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Ignore the state, see the class."""


def _place(trainer: Trainer, batches: int) -> tuple[int, int]:
    """Return the epoch that a run goes on in, and the number of its batches that it has trained on."""
    limit = trainer.limit_train_batches
    batches = min(batches, limit) if isinstance(limit, int) else int(batches * limit)
    loop = trainer.fit_loop
    begun, seen = loop.epoch_progress.current.ready, loop.epoch_loop.batch_progress.current.ready
    if not begun or not batches:
        return 0, 0
    return begun - 1 + seen // batches, seen % batches
