"""The best checkpoint of a run that is stopped, moved and resumed."""

import shutil

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import GrowingLog, KeepBest, KeepLast

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty.*"),
]


class Scripted(LightningModule):
    """Scores what it is told, epoch by epoch, and notes the score in its weight."""

    def __init__(self, scores):
        super().__init__()
        self.scores, self.weight = scores, torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        return 0 * self.weight.sum()

    def validation_step(self, batch, batch_idx):
        score = self.scores[self.current_epoch]
        self.weight.data.fill_(score)
        self.log("val/psnr", score)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def train(folder, scores, resume=None, best=None):
    """Train so many epochs in all."""
    loader = DataLoader(torch.zeros(1), batch_size=1)
    trainer = Trainer(
        accelerator="cpu", max_epochs=len(scores), logger=GrowingLog(folder.parent, "", folder.name),
        callbacks=[best or KeepBest(), KeepLast()], enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, log_every_n_steps=1,
    )  # fmt: skip
    trainer.fit(Scripted(scores), loader, loader, ckpt_path=resume)
    return trainer


def kept(run):
    """Return the score of each checkpoint that is there, but the last."""
    files = {path.name: path for path in (run / "checkpoints").glob("*.ckpt") if path.name != "last.ckpt"}
    return {name: torch.load(path, weights_only=True)["state_dict"]["weight"].item() for name, path in files.items()}


def test_a_resumed_run_replaces_its_best_by_a_better_one_alone(tmp_path):
    run = tmp_path / "run"
    last = run / "checkpoints" / "last.ckpt"
    train(run, [1, 5])
    assert kept(run) == {"best.ckpt": 5}
    train(run, [1, 5, 3], last)
    assert kept(run) == {"best.ckpt": 5}
    train(run, [1, 5, 3, 6], last)
    assert kept(run) == {"best.ckpt": 6}


def test_so_does_one_that_was_moved_or_is_named_otherwise(tmp_path, monkeypatch):
    run = tmp_path / "run"
    train(run, [1, 5])
    run = run.rename(tmp_path / "moved")
    train(run, [1, 5, 3], run / "checkpoints" / "last.ckpt")
    monkeypatch.chdir(tmp_path)
    here = run.relative_to(tmp_path)
    train(here, [1, 5, 3, 4], here / "checkpoints" / "last.ckpt")
    assert kept(run) == {"best.ckpt": 5}
    train(here, [1, 5, 3, 4, 7], here / "checkpoints" / "last.ckpt")
    assert kept(run) == {"best.ckpt": 7}


def test_a_best_checkpoint_younger_than_the_last_one_counts_too(tmp_path):
    run = tmp_path / "run"
    last = run / "checkpoints" / "last.ckpt"
    train(run, [1])
    shutil.copy(last, tmp_path / "before.ckpt")
    train(run, [1, 5], last)
    shutil.copy(tmp_path / "before.ckpt", last)  # as if killed between both
    train(run, [1, 3], last)
    assert kept(run) == {"best.ckpt": 5}


@pytest.mark.parametrize("what", ["removed", "damaged"])
def test_without_a_best_checkpoint_the_next_validation_makes_one(what, tmp_path):
    run = tmp_path / "run"
    train(run, [1, 5])
    best = run / "checkpoints" / "best.ckpt"
    best.unlink() if what == "removed" else best.write_bytes(b"PK")
    train(run, [1, 5, 3], run / "checkpoints" / "last.ckpt")
    made = [path for path in best.parent.glob("best*.ckpt") if path.read_bytes() != b"PK"]
    assert [torch.load(path, weights_only=True)["state_dict"]["weight"].item() for path in made] == [3]


def test_a_run_that_goes_on_in_another_folder_has_a_best_of_its_own(tmp_path):
    train(tmp_path / "one", [1, 5])
    train(tmp_path / "two", [1, 5, 3], tmp_path / "one" / "checkpoints" / "last.ckpt")
    assert kept(tmp_path / "one") == {"best.ckpt": 5}
    assert kept(tmp_path / "two") == {"best.ckpt": 3}


def test_runs_of_lightning_s_own_callback_go_on(tmp_path):
    run = tmp_path / "run"
    train(run, [1, 5], best=ModelCheckpoint(monitor="val/psnr", mode="max", filename="best"))
    train(run, [1, 5, 3], run / "checkpoints" / "last.ckpt")
    assert kept(run) == {"best.ckpt": 5}


def test_less_is_better_where_that_is_said(tmp_path):
    run = tmp_path / "run"
    train(run, [4, 2], best=KeepBest(mode="min"))
    train(run, [4, 2, 3], run / "checkpoints" / "last.ckpt", best=KeepBest(mode="min"))
    assert kept(run) == {"best.ckpt": 2}
