"""The order in which training visits its pictures: set by seed and epoch alone, each process has its share."""

from collections.abc import Iterator, Sized
from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import DistributedSampler

if TYPE_CHECKING:
    Base = DistributedSampler[tuple[int, int]]
else:
    Base = DistributedSampler


class EpochSampler(Base):
    """Yield ``(epoch, index)`` in an order shuffled anew each epoch, so that a sample can depend on the epoch.

    It is a DistributedSampler, so Lightning leaves it in place and tells it the epoch. Shares are equal: where
    the number of pictures does not divide evenly, the first ones come twice.

    Args:
        dataset: what is sampled; its length counts.
        seed: of the order.
        replicas: number of processes.
        rank: of this process.
        epoch: the first epoch.
        skip: samples of the first epoch that this process has seen already, when a run resumes in the middle of it.
    """

    def __init__(
        self, dataset: Sized, seed: int = 0, replicas: int = 1, rank: int = 0, epoch: int = 0, skip: int = 0
    ) -> None:
        super().__init__(dataset, num_replicas=replicas, rank=rank, seed=seed)  # type: ignore[arg-type]
        self.epoch, self.skip = epoch, skip

    def __iter__(self) -> Iterator[tuple[int, int]]:
        skip, self.skip = self.skip, 0
        order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.dataset))  # type: ignore[arg-type]
        share = np.resize(order, self.total_size)[self.rank :: self.num_replicas]
        epoch, self.epoch = self.epoch, self.epoch + 1  # Lightning tells it before each one; a plain loop does not
        return iter([(epoch, int(index)) for index in share[skip:]])
