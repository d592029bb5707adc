import pytest
import torch
from pytorch_lightning import LightningModule, Trainer, seed_everything
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import KeepLast, StepSeeds

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint"),
]


class Drawing(LightningModule):
    """Notes what chance gives its steps."""

    def __init__(self):
        super().__init__()
        self.weight, self.drawn = torch.nn.Parameter(torch.zeros(())), []

    def training_step(self, batch, batch_idx):
        self.drawn.append(torch.rand(()).item())
        return self.weight * batch.mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def drawn(folder, seed, epochs, resume=None):
    seed_everything(seed)
    module = Drawing()
    Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False, max_epochs=epochs,
        callbacks=[StepSeeds(), KeepLast()], default_root_dir=folder,
    ).fit(module, DataLoader(torch.ones(2, 1)), ckpt_path=resume)  # fmt: skip
    return module.drawn


def test_a_resumed_run_draws_by_the_interrupted_one_s_seed(tmp_path):
    whole = drawn(tmp_path / "whole", 1, 2)
    assert drawn(tmp_path / "part", 1, 1) == whole[:2]
    assert drawn(tmp_path / "rest", 7, 2, tmp_path / "part/checkpoints/last.ckpt") == whole[2:]
    assert drawn(tmp_path / "other", 7, 2)[2:] != whole[2:]
