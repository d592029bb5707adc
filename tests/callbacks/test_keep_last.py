"""What ends a training amid an epoch loses nothing; see test_interrupted_trainings.py for kills and signals."""

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import KeepLast

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
]


class Counter(LightningModule):
    """Takes ``steps`` optimiser steps a batch, as a GAN does."""

    def __init__(self, steps=1):
        super().__init__()
        self.automatic_optimization, self.steps = False, steps
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def training_step(self, batch, batch_idx):
        for _ in range(self.steps):
            self.optimizers().zero_grad()
            self.manual_backward((self.weight - batch.mean()) ** 2)
            self.optimizers().step()

    def validation_step(self, batch, batch_idx):
        self.log("val/psnr", 1.0)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


class StopAfter(Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        trainer.should_stop = batch_idx == 3


def stopped(folder, module, *callbacks, **arguments):
    """Train on ten batches an epoch; return the step that ended it, and that of the checkpoint."""
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
        num_sanity_val_steps=0, callbacks=[KeepLast(), *callbacks], **{"max_epochs": 2, **arguments},
    )  # fmt: skip
    data = DataLoader(torch.rand(10, 3))
    trainer.fit(module, data, DataLoader(torch.rand(1, 3)))
    last = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    place = last["loops"]["fit_loop"]["epoch_loop.batch_progress"]["current"]["processed"]
    return trainer.global_step, last["global_step"], place


def test_a_training_that_a_callback_stops_is_kept(tmp_path):
    assert stopped(tmp_path, Counter(), StopAfter()) == (4, 4, 4)


def test_a_training_that_its_validation_stops_amid_an_epoch_is_kept(tmp_path):
    never_better = EarlyStopping("val/psnr", mode="max", patience=1)
    assert stopped(tmp_path, Counter(), never_better, val_check_interval=3) == (6, 6, 6)


@pytest.mark.parametrize("most", [12, 15])
def test_the_end_by_max_steps_is_kept_where_a_batch_takes_several(tmp_path, most):
    batches = -(-most // 6)
    assert stopped(tmp_path, Counter(6), max_steps=most, max_epochs=-1) == (6 * batches, 6 * batches, batches)


class Adding(Counter):
    """Leaves the steps to the trainer, which adds gradients up."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = True

    def training_step(self, batch, batch_idx):
        return (self.weight - batch.mean()) ** 2


@pytest.mark.parametrize("ends", ["callback", "validation"])
def test_a_stop_amid_accumulated_gradients_waits_for_their_step(tmp_path, ends):
    if ends == "callback":
        found = stopped(tmp_path, Adding(), StopAfter(), accumulate_grad_batches=3)
    else:
        never_better = EarlyStopping("val/psnr", mode="max", patience=1)
        found = stopped(tmp_path, Adding(), never_better, val_check_interval=2, accumulate_grad_batches=3)
    assert found == (2, 2, 6)
