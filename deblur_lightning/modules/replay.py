"""Replay: batches seen again, turned and mirrored anew."""

import torch
from torch import Tensor

from deblur_lightning.batch import Batch
from deblur_lightning.field import KernelField

KEPT = 64  # batches


class Replay:
    """Keep the last batches, and give some of them back, each in another of its eight positions.

    Args:
        count: how many at a time; 0 keeps none.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.kept: list[Batch] = []

    def turned_ones(self, batch: Batch) -> list[Batch]:
        """Give batches from before, this one where there are too few, and keep it; square pictures."""
        known = self.kept or [batch]
        given = [turned(known[int(number)]) for number in torch.randint(len(known), (self.count,))]
        if self.count:
            self.kept = [*self.kept, batch][-KEPT:]
        return given


def turned(batch: Batch) -> Batch:
    """Mirror and turn all pictures of a batch alike, with their motion."""
    flips = [axis for axis in (-2, -1) if torch.rand(()) < 0.5]
    swap = bool(torch.rand(()) < 0.5)

    def moved(part: Tensor) -> Tensor:
        part = part.flip(flips)
        return part.transpose(-2, -1) if swap else part

    field = KernelField(*(moved(part) for part in batch["field"]))
    return {**batch, "blurry": moved(batch["blurry"]), "sharp": moved(batch["sharp"]), "field": field}
