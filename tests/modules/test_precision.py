"""Scores are not taken in a precision that rounds the pictures that are compared, nor is trained where Adam breaks."""

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.modules import Muon, RegressionModule, RestorationModule
from deblur_lightning.networks import FoldedNAFNet

pytestmark = pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning")


@pytest.mark.parametrize("job", ["validate", "test"])
@pytest.mark.parametrize("precision", ["bf16-true", "16-true"])
def test_weights_of_sixteen_bits_are_not_scored(job, precision):
    network = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))
    pairs = [{"blurry": torch.rand(3, 16, 16), "sharp": torch.rand(3, 16, 16), "name": "a"}]
    trainer = Trainer(accelerator="cpu", precision=precision, logger=False, enable_progress_bar=False)
    with pytest.raises(ValueError, match=rf"rounds the sharp pictures.* Pass {precision.replace('true', 'mixed')}"):
        getattr(trainer, job)(RestorationModule(DirectDeblurrer(network, signed=False)), DataLoader(pairs))


def trained_in_float16(optimizer):
    network = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))
    pairs = [{"blurry": torch.rand(3, 16, 16), "sharp": torch.rand(3, 16, 16), "name": "a"}]
    trainer = Trainer(
        accelerator="cpu", precision="16-true", logger=False, enable_progress_bar=False, max_steps=1,
        enable_checkpointing=False, enable_model_summary=False, limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(RegressionModule(DirectDeblurrer(network, signed=False), optimizer=optimizer), DataLoader(pairs))
    return trainer


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.AdamW, Muon])
def test_weights_in_float16_are_not_trained_by_adam_whatever_the_module(optimizer):
    with pytest.raises(ValueError, match="Pass bf16-true, bf16-mixed or 16-mixed"):
        trained_in_float16(optimizer)


def test_weights_in_float16_may_be_trained_without_such_a_divisor():
    assert trained_in_float16(lambda weights: torch.optim.SGD(weights, lr=0.0)).global_step == 1
