"""A cell network's training: it learns, resumes bit-equal, begins with a direct network's trunk; its file restores."""

import pytest
import torch
from small_models import quiet_trainer
from torch import nn

from deblur_lightning.batch import check_batch
from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.data import CameraMotion, DeadLeaves, MotionFieldDataModule, ObjectMotion, Samples
from deblur_lightning.deblurring import DirectDeblurrer, MotionDeblurrer, RichardsonLucy, describe, load_deblurrer
from deblur_lightning.losses import cell_divergence
from deblur_lightning.modules import CellKernelModule
from deblur_lightning.networks import CellKernelNetwork, FoldedNAFNet

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]
BLOCKS = {"width": 8, "middle_blocks": 1, "encoder_blocks": (1, 1, 1)}


def tiny(direct=None, **changed):
    torch.manual_seed(0)
    network = CellKernelNetwork(9, 2, **BLOCKS | changed, deeper=1, finer=1)
    return CellKernelModule(MotionDeblurrer(network, RichardsonLucy(2)), direct)


@pytest.fixture
def data():
    near = {"extent": (0.0, 8.0)}
    return MotionFieldDataModule(
        [DeadLeaves(pictures=2, side=128)], [CameraMotion(**near), ObjectMotion(**near)],
        crop_size=48, kernel_size=9, samples=Samples(6, 2), batch_size=2, num_workers=0,
    )  # fmt: skip


def test_batches_bring_fields_of_the_samples_without(data):
    data.setup("validate")
    (batch,) = data.val_dataloader()
    check_batch(batch)
    assert batch["field"].basis.shape[-1] == 9
    sample, field = data.val_set.pairs.with_field(1)
    torch.testing.assert_close(batch["blurry"][1], sample["blurry"])
    torch.testing.assert_close(batch["field"].kernel_at(20, 30)[1], field.widened(9).kernel_at(20, 30)[0])


def test_steps_lower_the_divergence_of_what_is_told(data):
    data.setup("fit")
    data.trainer = None
    batch = next(iter(data.train_dataloader()))
    module = tiny()
    module.log = lambda *_, **__: None
    expected = cell_divergence(module.learning.log_kernels(batch["blurry"]), batch["field"], 8)
    optimizer = module.configure_optimizers()
    losses = []
    for _ in range(6):
        loss = module.training_step(batch, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(expected.item())
    assert losses[-1] < losses[0] - 0.01


def test_a_resumed_training_ends_in_the_same_weights(data, tmp_path):
    whole, rest = tiny(), tiny()
    quiet_trainer(tmp_path / "whole", max_epochs=2).fit(whole, data)
    quiet_trainer(tmp_path / "rest", max_epochs=2).fit(rest, data, ckpt_path=tmp_path / "whole" / "step=3.ckpt")
    states = whole.state_dict(), rest.state_dict()
    assert states[0]["deblurrer.network.head.weight"].any()  # it has learned
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_validation_scores_the_field_that_the_network_tells(data, tmp_path):
    scored = quiet_trainer(tmp_path).validate(tiny(), data, verbose=False)[0]
    assert scored["val/kernel_error"] > 0
    assert scored["val/psnr"] > 0


def test_its_checkpoint_sees_motion_without_a_trainer(data, tmp_path):
    module = tiny()
    quiet_trainer(tmp_path, max_steps=2).fit(module, data)
    blurry = torch.rand(1, 3, 72, 80)
    seen = load_deblurrer(tmp_path / "step=2.ckpt").field(blurry)
    expected = module.eval().deblurrer.field(blurry)
    torch.testing.assert_close(seen.kernel_at(40, 40), expected.kernel_at(40, 40))


def test_the_trunk_is_taken_from_a_direct_deblurrer(tmp_path):
    torch.manual_seed(3)
    deblurrer = DirectDeblurrer(FoldedNAFNet(**BLOCKS, decoder_blocks=(1, 1, 1)), signed=False)
    for weights in deblurrer.parameters():
        nn.init.normal_(weights, std=0.1)
    path = tmp_path / "direct.safetensors"
    write_checkpoint(path, deblurrer.state_dict(), describe(deblurrer))
    module = tiny(path)
    assert torch.equal(module.learning.intro.weight, deblurrer.generator.inner.intro.weight)
    with pytest.raises(ValueError, match=r"direct.safetensors holds another network than the trunk's"):
        tiny(path, width=16)


def test_another_network_is_refused():
    with pytest.raises(ValueError, match=r"network is Identity, which tells no cells. Pass a CellKernelNetwork"):
        CellKernelModule(MotionDeblurrer(nn.Identity()))
