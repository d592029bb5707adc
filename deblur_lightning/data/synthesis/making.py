"""Makes the pairs of a folder that are still missing, on several processes; their number changes no file."""

from collections.abc import Callable, Sequence

import torch
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.data.synthesis.pair_folder import MadePair, PairFolder
from deblur_lightning.data.workers import leave_signals_to_training

MakePair = Callable[[int], MadePair]


class _Missing(Dataset[int]):
    """Pairs to make: to get one is to write it."""

    def __init__(self, folder: PairFolder, make: MakePair, numbers: Sequence[int]) -> None:
        self.folder, self.make, self.numbers = folder, make, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> int:
        number = self.numbers[index]
        self.folder.write(number, self.make(number))
        return number


def make_missing(
    folder: PairFolder, make: MakePair, numbers: Sequence[int], workers: int, watch: Callable[[float], None]
) -> None:
    """Make pairs and write them.

    Args:
        folder: that they belong to.
        make: a pair by its number, whatever was made before.
        numbers: of the pairs.
        workers: processes; with 1, this one.
        watch: takes the share done, 0 to 1.

    Raises:
        ValueError: what ``make`` raises.
        OSError: a pair cannot be written.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the processes of a loader: sums of several threads round otherwise
    try:
        loader = DataLoader(
            _Missing(folder, make, numbers),
            batch_size=None,
            num_workers=workers if workers > 1 else 0,
            worker_init_fn=leave_signals_to_training,
        )
        for done, _ in enumerate(loader, 1):
            watch(done / len(numbers))
    finally:
        torch.set_num_threads(threads)
