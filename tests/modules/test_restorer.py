"""A restorer's training: it learns, nothing else does, resumes bit-equal, and its checkpoint restores."""

import pytest
import torch
from small_models import losses_of_steps, quiet_trainer, small_seeing_deblurrer, write_small_checkpoint, write_window
from torch import nn

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.data import FieldWindowsDataModule
from deblur_lightning.deblurring import (
    BlindEstimator,
    DirectDeblurrer,
    MotionDeblurrer,
    UnrolledRestorer,
    describe,
    load_deblurrer,
)
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import delta_field
from deblur_lightning.losses import psnr_loss
from deblur_lightning.modules import RestorerModule
from deblur_lightning.networks import FoldedNAFNet

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]


def tiny():
    torch.manual_seed(0)
    restorer = UnrolledRestorer((2,), width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))
    return RestorerModule(MotionDeblurrer(BlindEstimator(9), restorer))


@pytest.fixture
def windows(tmp_path):
    for number in range(3):
        write_window(tmp_path / "windows" / "train" / f"{number:05d}.npz", number)
        write_window(tmp_path / "windows" / "val" / f"{number:05d}.npz", 10 + number)
    return FieldWindowsDataModule(tmp_path / "windows", crop_size=24, batch_size=2, samples_per_epoch=6)


def test_steps_lower_the_loss_of_what_the_batch_s_field_restores(windows):
    windows.setup("fit")
    windows.trainer = None
    batch = next(iter(windows.train_dataloader()))
    module = tiny()
    expected = psnr_loss(
        module.learning.restore(batch["blurry"], batch["field"], Exposure(), batch["start"]), batch["sharp"], 2e-4
    )
    losses = losses_of_steps(module, batch, 8)
    assert losses[0] == pytest.approx(expected.item())
    assert losses[-1] < losses[0] - 0.01


def test_validation_restores_by_the_batch_s_field_too(windows, tmp_path):
    module = tiny()
    quiet_trainer(tmp_path).validate(module, windows, verbose=False)
    scored = quiet_trainer(tmp_path).validate(module, windows, verbose=False)[0]
    windows.setup("validate")
    expected = [
        psnr_loss(module.learning(b["blurry"], b["field"], Exposure()).mul(255).round() / 255, b["sharp"], 0)
        for b in windows.val_dataloader()
    ]
    assert scored["val/psnr"] == pytest.approx(-torch.stack(expected).mean().item(), abs=1e-3)
    assert "val/kernel_l2" not in scored  # its field is the batch's own


def test_a_resumed_training_ends_in_the_same_weights(windows, tmp_path):
    whole, rest = tiny(), tiny()
    quiet_trainer(tmp_path / "whole", max_epochs=2).fit(whole, windows)
    quiet_trainer(tmp_path / "rest", max_epochs=2).fit(rest, windows, ckpt_path=tmp_path / "whole" / "step=4.ckpt")
    states = whole.state_dict(), rest.state_dict()
    assert any(weight.any() for name, weight in states[0].items() if "ending" in name)  # it has learned
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_its_checkpoint_restores_photos_without_a_trainer(windows, tmp_path):
    module = tiny()
    quiet_trainer(tmp_path, max_steps=2).fit(module, windows)
    model = load_deblurrer(tmp_path / "step=2.ckpt")
    assert isinstance(model.deblurrer.restorer, UnrolledRestorer)
    blurry = torch.rand(1, 3, 72, 80)
    field = delta_field(blurry, 9)
    expected = module.learning(blurry, field, Exposure()).detach()
    torch.testing.assert_close(model.deblurrer.restorer(blurry, field, Exposure()), expected, rtol=0, atol=1e-6)


def test_a_restorer_that_learns_nothing_is_refused():
    with pytest.raises(ValueError, match=r"restorer is RichardsonLucy, which learns nothing. Pass an UnrolledRestorer"):
        RestorerModule(MotionDeblurrer(nn.Identity()))


def tiny_direct(width=4):
    return FoldedNAFNet(width=width, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))


def with_direct(path=None):
    restorer = UnrolledRestorer((), 4, 1, (1,), (1,), direct=tiny_direct())
    return RestorerModule(MotionDeblurrer(BlindEstimator(9), restorer), path)


@pytest.fixture
def trained(tmp_path):
    """A direct deblurrer with weights of its own, as a file."""
    torch.manual_seed(3)
    deblurrer = DirectDeblurrer(tiny_direct(), signed=False)
    for weights in deblurrer.parameters():
        nn.init.normal_(weights, std=0.1)
    write_checkpoint(tmp_path / "direct.safetensors", deblurrer.state_dict(), describe(deblurrer))
    return deblurrer, tmp_path / "direct.safetensors"


def test_the_direct_network_is_taken_from_its_checkpoint_and_stays_as_it_was(trained, windows, tmp_path):
    deblurrer, path = trained
    module = with_direct(path)
    quiet_trainer(tmp_path, max_steps=2).fit(module, windows)
    learned = module.learning.state_dict()
    expected = {f"direct.{name}": weights for name, weights in deblurrer.generator.state_dict().items()}
    assert all(torch.equal(learned[name], weights) for name, weights in expected.items())
    assert learned["priors.0.network.ending.bias"].any()  # the rest has learned
    again = load_deblurrer(tmp_path / "step=2.ckpt").deblurrer.restorer.direct
    torch.testing.assert_close(again.state_dict(), deblurrer.generator.state_dict())


@pytest.mark.parametrize("agreed", [False, True])
def test_the_direct_network_is_taken_from_a_restorer_s_checkpoint_too(agreed, tmp_path):
    whole = small_seeing_deblurrer(8)
    restorer = whole.restorer if agreed else whole.restorer.restorer
    write_small_checkpoint(tmp_path / "whole.safetensors", MotionDeblurrer(BlindEstimator(9), restorer))
    other = small_seeing_deblurrer(9)
    module = RestorerModule(other, tmp_path / "whole.safetensors")
    torch.testing.assert_close(module.learning.direct.state_dict(), whole.restorer.seeing.state_dict(), rtol=0, atol=0)
    assert module.learning is other.restorer.restorer


def test_a_checkpoint_without_a_direct_network_is_refused(tmp_path):
    write_small_checkpoint(tmp_path / "motion.safetensors")
    with pytest.raises(ValueError, match=r"motion\.safetensors holds no direct network\. Pass a DirectDeblurrer's"):
        RestorerModule(small_seeing_deblurrer(), tmp_path / "motion.safetensors")


def test_another_direct_network_s_weights_are_refused(trained):
    _, path = trained
    restorer = UnrolledRestorer((), 4, 1, (1,), (1,), direct=tiny_direct(8))
    with pytest.raises(ValueError, match=r"direct.safetensors holds another network than the restorer's FoldedNAFNet"):
        RestorerModule(MotionDeblurrer(BlindEstimator(9), restorer), path)
    with pytest.raises(ValueError, match=r"but the restorer has no direct network. Leave it out"):
        RestorerModule(MotionDeblurrer(BlindEstimator(9), UnrolledRestorer((), 4, 1, (1,), (1,))), path)
    with pytest.raises(FileNotFoundError, match=r"nowhere.ckpt is no file"):
        with_direct(path.with_name("nowhere.ckpt"))


def test_windows_without_names_are_said(windows):
    windows.setup("fit")
    windows.trainer = None
    batch = next(iter(windows.train_dataloader()))
    del batch["name"]
    with pytest.raises(ValueError, match=r"batches have no name\."):
        tiny().validation_step(batch, 0)


def test_a_restorer_works_in_double_precision():
    module, picture = tiny(), torch.rand(1, 3, 40, 44)
    for weights in module.learning.parameters():
        torch.nn.init.normal_(weights, std=0.05)
    expected = module.learning(picture, delta_field(picture, 9), Exposure())
    found = module.double().learning(picture.double(), delta_field(picture.double(), 9), Exposure())
    torch.testing.assert_close(found.float(), expected, atol=1e-4, rtol=1e-4)
