"""Replay: batches seen again, turned and mirrored anew."""

import torch

from deblur_lightning.batch import Batch, turned

KEPT = 64  # batches


class Replay:
    """Keep the last batches, and give some of them back, each in another of its eight positions.

    Args:
        count: how many at a time; 0 keeps none.

    Raises:
        ValueError: a negative count.
    """

    def __init__(self, count: int) -> None:
        if count < 0:
            raise ValueError(f"replayed is {count}, but it counts batches. Pass 0 or more.")
        self.count = count
        self.kept: list[Batch] = []

    def turned_ones(self, batch: Batch) -> list[Batch]:
        """Give batches from before, this one where there are too few, and keep it; square pictures."""
        known = self.kept or [batch]
        given = [turned(known[int(number)], torch.rand(3)) for number in torch.randint(len(known), (self.count,))]
        if self.count:
            self.kept = [*self.kept, batch][-KEPT:]
        return given
