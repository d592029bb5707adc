"""Scores are not taken in a precision that rounds the pictures that are compared."""

import pytest
import torch
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.modules import RestorationModule
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
