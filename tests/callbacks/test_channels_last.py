import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch import nn
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import ChannelsLast

pytestmark = pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning")


class Small(LightningModule):
    """Two convolutions; remembers the order of what they hand on."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)).double()
        self.last = []

    def training_step(self, batch, batch_idx):
        result = self.network(batch)
        self.last.append(result.is_contiguous(memory_format=torch.channels_last))
        return result.square().sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


def trained(callbacks, folder):
    module = Small()
    pictures = torch.rand(4, 3, 9, 11, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    trainer = Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        callbacks=callbacks,
        default_root_dir=folder,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(pictures, batch_size=2))
    return module


def test_channels_last_changes_the_order_in_memory_and_no_result(tmp_path):
    usual, reordered = trained([], tmp_path), trained([ChannelsLast()], tmp_path)
    assert reordered.last == [True] * 4
    assert not any(usual.last)
    for name, weights in usual.state_dict().items():
        assert reordered.state_dict()[name].shape == weights.shape
        torch.testing.assert_close(reordered.state_dict()[name], weights, rtol=1e-12, atol=1e-12, check_stride=False)
