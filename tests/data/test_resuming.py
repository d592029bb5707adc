from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.data import GoProDataModule, Selection
from deblur_lightning.data.resuming import ResumableLoader

pytestmark = [
    # Lightning advises on numbers of workers and log intervals, which a run of seconds does not need.
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),  # where resuming writes on
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]


class Watcher(LightningModule):
    """Notes what it is trained on."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen.append((self.current_epoch, batch_idx, *batch["name"], batch["blurry"].sum().item()))
        return (self.weight - batch["blurry"].mean()) ** 2

    def validation_step(self, batch, batch_idx):
        pass

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


def train(data, checkpoints, resume=None, **arguments):
    """Train two epochs, with a checkpoint after each step."""
    watcher = Watcher()
    Trainer(
        accelerator="cpu",
        max_epochs=2,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[ModelCheckpoint(checkpoints, "{step}", every_n_train_steps=1, save_top_k=-1)],
        **arguments,
    ).fit(watcher, data, ckpt_path=resume)
    return watcher


def real(folder, num_workers):
    """Nine pairs of noise to train on, in batches of two; the last is dropped."""
    generator = np.random.default_rng(0)
    for kind in ("blur", "sharp"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(10):
            Image.fromarray(generator.integers(0, 256, (20, 24, 3), np.uint8)).save(folder / kind / f"{number}.png")
    return GoProDataModule(folder, selection=Selection(held_out=1), crop_size=16, batch_size=2, num_workers=num_workers)


class Numbers(LightningDataModule, Dataset):
    """Seven made samples, each its epoch and index."""

    def __init__(self, folder, num_workers):
        super().__init__()
        self.num_workers = num_workers

    def __len__(self):
        return 7

    def __getitem__(self, key):
        epoch, index = key
        return {"blurry": torch.tensor(epoch + index / 7), "name": str(index)}

    def train_dataloader(self):
        return ResumableLoader(self, 2, self.num_workers, 5, self.trainer, drop_last=False)

    def val_dataloader(self):
        return DataLoader([{"name": "still"}])


@pytest.mark.parametrize(
    ("make", "num_workers", "step"),
    [(real, 0, 1), (real, 0, 4), (real, 2, 3), (real, 2, 4), (real, 2, 6), (Numbers, 0, 3), (Numbers, 0, 4)],
)
def test_a_run_resumed_amid_an_epoch_sees_what_the_uninterrupted_one_saw(tmp_path, make, num_workers, step):
    checkpoints = tmp_path / "checkpoints"
    whole = train(make(tmp_path / "set", num_workers), checkpoints)
    rest = train(make(tmp_path / "set", num_workers), checkpoints, checkpoints / f"step={step}.ckpt")
    assert len(whole.seen) == 8
    assert rest.seen == whole.seen[step:]
    assert torch.equal(rest.weight, whole.weight)


def test_an_epoch_cut_short_by_limit_train_batches_resumes_alike(tmp_path):
    checkpoints = tmp_path / "checkpoints"
    whole = train(real(tmp_path / "set", 0), checkpoints, limit_train_batches=3)
    for step in (2, 3):
        place = checkpoints / f"step={step}.ckpt"
        rest = train(real(tmp_path / "set", 0), tmp_path / f"rest{step}", place, limit_train_batches=3)
        assert rest.seen == whole.seen[step:]


def test_overfitting_sees_the_same_batches_in_every_epoch(tmp_path):
    watcher = train(real(tmp_path / "data", 0), tmp_path / "all", overfit_batches=2)
    assert len(watcher.seen) == 4
    assert [step[1:] for step in watcher.seen[:2]] == [step[1:] for step in watcher.seen[2:]]


def test_each_process_overfits_to_its_share(tmp_path):
    (tmp_path / "data").mkdir()
    module = real(tmp_path / "data", 0)
    trainer = SimpleNamespace(overfit_batches=2, world_size=2, global_rank=1, estimated_stepping_batches=1)
    module.setup("fit")
    loader = ResumableLoader(module.train_pairs, 2, 0, 0, trainer)
    assert list(loader.sampler)[:4] == [1, 3, 5, 7]
