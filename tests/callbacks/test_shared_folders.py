"""A trainer's log folder is asked for by all processes or by none: the first, alone, would wait for ever."""

import pytest
import torch
from small_models import small_direct_deblurrer

from deblur_lightning.callbacks import KeepLast, LogPictures
from deblur_lightning.callbacks.checkpoint_files import WholeFileCheckpoints
from deblur_lightning.modules import RestorationModule


class Strategy:
    checkpoint_io = WholeFileCheckpoints()


class Process:
    """What callbacks ask of a trainer in one process of several; Lightning's ``log_dir`` is an exchange of all."""

    fast_dev_run = sanity_checking = False
    checkpoint_callbacks, loggers, global_step, strategy = (), (), 0, Strategy()

    def __init__(self, folder, first):
        self.default_root_dir, self.is_global_zero, self.exchanges = str(folder), first, 0

    @property
    def log_dir(self):
        self.exchanges += 1
        return self.default_root_dir


def keep_last(process):
    KeepLast().setup(process, None, "fit")


def log_pictures(process):
    callback, module = LogPictures(pictures=2), RestorationModule(small_direct_deblurrer())
    batch = {"blurry": torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)), "name": ["a", "b"]}
    callback.on_validation_batch_end(process, module, None, batch, 0)
    callback.on_validation_end(process, module)


@pytest.mark.parametrize("works", [keep_last, log_pictures])
def test_processes_ask_each_other_as_often(tmp_path, works):
    first, other = Process(tmp_path, first=True), Process(tmp_path, first=False)
    works(first)
    works(other)
    assert first.exchanges == other.exchanges > 0
