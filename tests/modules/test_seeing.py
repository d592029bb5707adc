"""The training of a network that restores and sees: its loss, its samples, batches seen again, where it begins."""

import math

import pytest
import torch
from small_models import losses_of_steps, quiet_trainer

from deblur_lightning.batch import check_batch
from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.data import (
    CameraMotion,
    CellFieldDataModule,
    DeadLeaves,
    MotionFieldDataModule,
    ObjectMotion,
    Samples,
)
from deblur_lightning.deblurring import DirectDeblurrer, describe
from deblur_lightning.field import KernelField
from deblur_lightning.losses import cell_divergence, psnr_loss
from deblur_lightning.modules import SeeingModule
from deblur_lightning.modules.replay import Replay
from deblur_lightning.networks import FoldedNAFNet, SeeingNAFNet

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]
BLOCKS = {"width": 8, "middle_blocks": 1, "encoder_blocks": (1, 1, 1)}


def tiny(direct=None, **arguments):
    torch.manual_seed(0)
    network = SeeingNAFNet(9, **BLOCKS, decoder_blocks=(1, 1, 1), finer=1)
    return SeeingModule(DirectDeblurrer(network, signed=False), direct, **arguments)


@pytest.fixture
def data():
    return samples(CellFieldDataModule)


def samples(kind):
    near = {"extent": (0.0, 8.0)}
    return kind(
        [DeadLeaves(pictures=2, side=128)], [CameraMotion(**near), ObjectMotion(**near)],
        crop_size=48, kernel_size=9, samples=Samples(6, 2), batch_size=2, num_workers=0,
    )  # fmt: skip


def first_batch(data):
    data.setup("fit")
    data.trainer = None
    return next(iter(data.train_dataloader()))


def test_batches_bring_fields_of_the_samples_without():
    data = samples(MotionFieldDataModule)
    data.setup("validate")
    (batch,) = data.val_dataloader()
    check_batch(batch)
    assert batch["field"].basis.shape[-1] == 9
    sample, field = data.val_set.pairs.with_field(1)
    torch.testing.assert_close(batch["blurry"][1], sample["blurry"])
    torch.testing.assert_close(batch["field"].kernel_at(20, 30)[1], field.widened(9).kernel_at(20, 30)[0])


def test_samples_bring_the_mean_motion_of_each_cell(data):
    data.setup("validate")
    (batch,) = data.val_dataloader()
    _, field = data.val_set.pairs.with_field(1)
    coefficients = field.coefficients[0, :, 8:16, 24:32].mean((1, 2))
    torch.testing.assert_close(
        batch["field"].kernel_at(1, 3)[1], torch.einsum("bij,b->ij", field.widened(9).basis[0], coefficients)
    )


def test_the_loss_is_that_of_both_answers_and_steps_lower_it(data):
    batch = first_batch(data)
    module = tiny(floor=1e-4, seeing=2.0)
    restored, told = module.deblurrer.generator.both(batch["blurry"])
    expected = psnr_loss(restored, batch["sharp"], 1e-4) + 2 * cell_divergence(told, batch["field"], 1)
    losses = losses_of_steps(module, batch, 6)
    assert losses[0] == pytest.approx(expected.item(), rel=1e-5)
    assert losses[-1] < losses[0] - 0.01


def test_a_resumed_training_ends_in_the_same_weights(data, tmp_path):
    whole, rest = tiny(), tiny()
    quiet_trainer(tmp_path / "whole", max_epochs=2).fit(whole, data)
    quiet_trainer(tmp_path / "rest", max_epochs=2).fit(rest, data, ckpt_path=tmp_path / "whole" / "step=3.ckpt")
    states = whole.state_dict(), rest.state_dict()
    assert states[0]["deblurrer.generator.head.weight"].any()  # it has learned
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_batches_from_before_are_seen_again():
    batches = [
        {"blurry": picture, "sharp": picture, "field": KernelField(picture, picture), "name": ["a"]}
        for picture in (torch.full((1, 1, 2, 2), value) for value in (0.0, 1.0))
    ]
    assert Replay(0).turned_ones(batches[0]) == []
    replay = Replay(2)
    assert [one["sharp"].max() for one in replay.turned_ones(batches[0])] == [0, 0]  # itself: none was before
    assert [one["sharp"].max() for one in replay.turned_ones(batches[1])] == [0, 0]


def test_each_step_of_a_training_sees_some_again(data, tmp_path):
    seen = []
    module = tiny(replayed=1)
    both = module.deblurrer.generator.both
    module.deblurrer.generator.both = lambda blurry: seen.append(len(blurry)) or both(blurry)
    quiet_trainer(tmp_path, max_epochs=1).fit(module, data)
    assert seen == [4, 4, 4]


def test_batches_seen_again_may_be_smaller_or_larger(data):
    batch = first_batch(data)
    field = KernelField(*(part[:1] for part in batch["field"]))
    small = {"blurry": batch["blurry"][:1], "sharp": batch["sharp"][:1], "field": field, "name": batch["name"][:1]}
    module = tiny(replayed=2)
    losses = [loss for one in (batch, small, batch) for loss in losses_of_steps(module, one, 1)]
    assert len(losses) == 3
    assert all(map(math.isfinite, losses))


def test_it_begins_with_a_direct_network_and_refuses_others(tmp_path):
    torch.manual_seed(5)
    direct = DirectDeblurrer(FoldedNAFNet(**BLOCKS), signed=False)
    torch.nn.init.normal_(direct.generator.inner.intro.weight)
    write_checkpoint(tmp_path / "direct.safetensors", direct.state_dict(), describe(direct))
    module = tiny(tmp_path / "direct.safetensors")
    assert torch.equal(module.deblurrer.generator.inner.intro.weight, direct.generator.inner.intro.weight)
    with pytest.raises(ValueError, match="Pass a SeeingNAFNet"):
        SeeingModule(direct)
    wide = DirectDeblurrer(FoldedNAFNet(**BLOCKS | {"width": 16}), signed=False)
    write_checkpoint(tmp_path / "wide.safetensors", wide.state_dict(), describe(wide))
    with pytest.raises(ValueError, match=r"wide\.safetensors holds another network"):
        tiny(tmp_path / "wide.safetensors")


def with_sides(side, told):
    kernel = torch.zeros(1, 1, 9, 9)
    kernel[..., 4, 4] = 1
    picture = torch.rand(1, 3, side, side)
    return {
        "blurry": picture, "sharp": picture, "name": ["a"], "field": KernelField(kernel, torch.ones(1, 1, told, told))
    }  # fmt: skip


@pytest.mark.parametrize(
    ("side", "told", "said"),
    [
        (60, 60, "crops are 60 x 60, but the network tells cells of 8 pixels. Pass crop_size 56 or 64."),
        (64, 9, "fields are 9 x 9 for crops of 64 x 64"),
    ],
)
def test_truth_that_is_not_of_whole_cells_is_refused(side, told, said):
    with pytest.raises(ValueError, match=said):
        tiny().check_learnable(with_sides(side, told))


@pytest.mark.parametrize("told", [48, 6])
def test_truth_of_pixels_and_of_cells_is_learned_from(told):
    module = tiny()
    module.check_learnable(with_sides(48, told))
    module.log = lambda *_, **__: None
    assert module.training_step(with_sides(48, told), 0).isfinite()


def test_cells_that_do_not_divide_a_crop_are_said():
    data = samples(CellFieldDataModule)
    data.crop_size = 60
    with pytest.raises(
        ValueError, match=r"crop_size is 60, but the motion of cells of 8 pixels is told. Pass 56 or 64\."
    ):
        first_batch(data)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_other_precisions_restore_and_tell_alike(kind):
    network = tiny().deblurrer.generator
    torch.nn.init.normal_(network.head.weight, std=0.05)
    picture = torch.rand(1, 3, 48, 40)
    expected = network.both(picture)
    found = network.to(kind).both(picture.to(kind))
    tolerance = 1e-4 if kind == torch.float64 else 0.1
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(other.float(), one, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seeing": -1.0}, r"seeing is -1\.0, but it is a loss's factor\. Pass 0 or more"),
        ({"seeing": math.nan}, r"seeing is nan, but it is a loss's factor\. Pass 0 or more"),
        ({"replayed": -1}, r"replayed is -1, but it counts batches\. Pass 0 or more"),
    ],
)
def test_numbers_out_of_range_are_refused_before_the_first_step(wrong, said):
    with pytest.raises(ValueError, match=said):
        tiny(**wrong)
