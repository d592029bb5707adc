from functools import partial

import pytest
import torch
from pytorch_lightning.cli import ReduceLROnPlateau
from small_models import losses_of_steps, quiet_trainer
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from deblur_lightning.checkpoints import read_checkpoint
from deblur_lightning.data import CameraMotion, DeadLeaves, MotionBlurDataModule, Samples
from deblur_lightning.deblurring import DirectDeblurrer, describe, load_deblurrer
from deblur_lightning.losses import psnr_loss
from deblur_lightning.modules import RegressionModule
from deblur_lightning.networks import FoldedNAFNet

pytestmark = [
    # Lightning advises on numbers of workers and log intervals, which a run of seconds does not need.
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),  # where resuming writes on
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]


class Shift(nn.Module):
    """Somebody's own network."""

    def __init__(self, start=0.0):
        super().__init__()
        self.start = start
        self.by = nn.Parameter(torch.tensor(start))

    def forward(self, blurry):
        return blurry + self.by


def batch(seed=0):
    generator = torch.Generator().manual_seed(seed)
    blurry = 0.2 + 0.5 * torch.rand(2, 3, 16, 18, generator=generator)
    return {"blurry": blurry, "sharp": blurry + 0.1, "name": ["a", "b"]}


def tiny():
    torch.manual_seed(0)
    generator = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,))
    return RegressionModule(DirectDeblurrer(generator, signed=False))


def pairs():
    return MotionBlurDataModule(
        [DeadLeaves(pictures=2, side=96)], [CameraMotion(extent=(0.0, 8.0))], crop_size=32, kernel_size=9,
        batch_size=2, samples=Samples(6, 2), num_workers=0,
    )  # fmt: skip


def test_a_step_lowers_the_psnr_loss_of_a_network_of_ones_own():
    module = RegressionModule(DirectDeblurrer(Shift(), signed=False), optimizer=lambda weights: SGD(weights, 1e-4))
    losses = losses_of_steps(module, batch(), 5)
    assert losses[0] == pytest.approx(psnr_loss(batch()["blurry"], batch()["sharp"]).item())
    assert losses == sorted(losses, reverse=True)
    assert module.deblurrer.generator.by > 0


def test_what_is_restored_is_clipped_but_what_is_trained_is_not():
    module = RegressionModule(DirectDeblurrer(Shift(2.0), signed=False))
    assert module.restore(batch()["blurry"]).max() == 1
    module.log = lambda *_, **__: None
    module.training_step(batch(), 0).backward()
    assert module.deblurrer.generator.by.grad > 0  # clipped pictures would have no slope


def test_validation_scores_what_the_network_alone_does():
    module = RegressionModule(DirectDeblurrer(Shift(0.1), signed=False))
    restored, figures = module.measure(batch())
    torch.testing.assert_close(restored, batch()["sharp"])
    assert figures["blurry_psnr"].tolist() == pytest.approx([20.0, 20.0], abs=1e-3)


@pytest.mark.parametrize("step", [2, 4])
def test_a_resumed_training_ends_in_the_same_weights(tmp_path, step):
    whole, rest = tiny(), tiny()
    quiet_trainer(tmp_path / "whole", max_epochs=2).fit(whole, pairs())
    resumed = tmp_path / "whole" / f"step={step}.ckpt"
    quiet_trainer(tmp_path / "rest", max_epochs=2).fit(rest, pairs(), ckpt_path=resumed)
    states = whole.state_dict(), rest.state_dict()
    assert any(weight.any() for name, weight in states[0].items() if "ending" in name)  # it has learned
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_checkpoint_tells_the_network_and_restores_without_a_trainer(tmp_path):
    module = tiny()
    quiet_trainer(tmp_path, max_steps=2).fit(module, pairs())
    checkpoint = read_checkpoint(tmp_path / "step=2.ckpt")
    assert checkpoint.recipe["init_args"]["generator"]["class_path"] == "deblur_lightning.networks.FoldedNAFNet"
    blurry = torch.rand(1, 3, 72, 80)
    restored = load_deblurrer(tmp_path / "step=2.ckpt")(blurry).picture
    torch.testing.assert_close(restored, module.restore(blurry).detach(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (lambda good: (good["blurry"], good["sharp"]), "batches are tuples, but their parts have names"),
        (lambda good: {"blurry": good["blurry"], "sharp": good["sharp"]}, "batches have no name. Yield mappings with"),
        (lambda good: {"picture": good["blurry"]}, "batches have no blurry"),
    ],
)
def test_batches_of_ones_own_that_are_none_are_said(bad, said):
    module = tiny()
    for step in (module.on_train_batch_start, module.validation_step, module.test_step):
        with pytest.raises(ValueError, match=said):
            step(bad(batch()), 0)


@pytest.mark.filterwarnings("ignore:ReduceLROnPlateau conditioned")  # in an epoch without a validation
def test_a_schedule_that_watches_is_told_what(tmp_path):
    for schedule, watched in (
        (partial(torch.optim.lr_scheduler.ReduceLROnPlateau, mode="max"), "val/psnr"),
        (partial(ReduceLROnPlateau, monitor="val/ssim", mode="max"), "val/ssim"),
    ):
        module = tiny()
        module.scheduler = schedule
        trainer = quiet_trainer(tmp_path, max_epochs=2, check_val_every_n_epoch=2)
        trainer.fit(module, pairs())
        assert trainer.lr_scheduler_configs[0].monitor == watched


def test_a_schedule_that_waits_for_the_wrong_thing_is_refused(tmp_path):
    module = tiny()
    module.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau
    with pytest.raises(ValueError, match=r"waits for val/psnr to fall, but it rises .* Pass mode max"):
        quiet_trainer(tmp_path, max_epochs=1).fit(module, pairs())


def test_another_optimiser_than_the_checkpoints_is_said_before_the_first_step(tmp_path):
    quiet_trainer(tmp_path, max_epochs=1).fit(tiny(), pairs())
    other = tiny()
    other.optimizer = lambda weights: SGD(weights, 1e-3)
    with pytest.raises(ValueError, match=r"the checkpoint's optimiser has no .*momentum.* SGD needs it"):
        quiet_trainer(tmp_path / "b", max_epochs=2).fit(other, pairs(), ckpt_path=tmp_path / "step=3.ckpt")


def test_a_checkpoints_schedule_that_ends_too_early_is_said_before_the_first_step(tmp_path):
    def train(name, total_steps, **settings):
        module, checkpoint = tiny(), settings.pop("ckpt_path", None)
        module.scheduler, module.scheduler_interval = partial(OneCycleLR, max_lr=1e-3, total_steps=total_steps), "step"
        quiet_trainer(tmp_path / name, **settings).fit(module, pairs(), ckpt_path=checkpoint)

    train("three", 3, max_epochs=1)
    short = tmp_path / "three" / "step=3.ckpt"
    said = r"comes from the checkpoint and ends after 3 steps, but this training takes 6\. Pass --trainer\.max_steps 3,"
    with pytest.raises(ValueError, match=said):
        train("again", 6, max_epochs=2, ckpt_path=short)
    assert not (tmp_path / "again").exists()
    train("bounded", 6, max_epochs=2, max_steps=3, ckpt_path=short)
    train("six", 6, max_epochs=1)
    train("on", 3, max_epochs=2, ckpt_path=tmp_path / "six" / "step=3.ckpt")
    assert (tmp_path / "on" / "step=6.ckpt").is_file()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile's own
def test_what_of_a_recipe_cannot_be_kept_is_said_with_the_remedy():
    for network, said in (
        (nn.Sequential(nn.Conv2d(3, 3, 1)), "Build the network in a class of your own"),
        (torch.compile(Shift()), r"Compile the network where it is: network\.compile\(\)"),
    ):
        with pytest.raises(ValueError, match=said):
            describe(DirectDeblurrer(network))


@pytest.mark.parametrize("floor", [-1e-3, float("nan"), float("inf")])
def test_a_floor_that_is_none_is_refused(floor):
    with pytest.raises(ValueError, match=r"floor is .*, but it is added to squared errors\. Pass 0 or more"):
        RegressionModule(DirectDeblurrer(FoldedNAFNet(width=8)), floor=floor)
