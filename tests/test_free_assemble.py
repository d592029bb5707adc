"""The script that puts a network that restores and sees into the default model."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from scripts import load_script
from torch import nn

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    DirectDeblurrer,
    MotionDeblurrer,
    RichardsonLucy,
    UnrolledRestorer,
    describe,
    load_deblurrer,
)
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.networks import KernelRefiner, SeeingNAFNet


@pytest.fixture(scope="module")
def script():
    return load_script("free/assemble.py")


def written(path, model):
    write_checkpoint(path, model.state_dict(), describe(model))
    return str(path)


def small_network():
    network = SeeingNAFNet(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)
    nn.init.normal_(network.head.weight)
    nn.init.normal_(network.inner.ending.weight, std=0.01)
    return network


def learned_beside(network):
    learned = UnrolledRestorer((2,), 8, 1, (1,), (1,), direct=network, asking=True)
    for prior in learned.priors:
        nn.init.normal_(prior.network.ending.weight, std=0.01)
    return learned


@pytest.fixture
def parts(tmp_path):
    torch.manual_seed(0)
    restorer = Agreed(learned_beside(small_network()), None, 0.4)
    blind = MotionDeblurrer(BlindEstimator(9, KernelRefiner(9, width=6)), restorer)
    direct = DirectDeblurrer(small_network(), signed=False)
    return written(tmp_path / "blind.safetensors", blind), written(tmp_path / "direct.safetensors", direct)


@torch.no_grad()
@pytest.mark.parametrize("from_model", [True, False])
def test_the_restorer_is_given_the_network(script, parts, tmp_path, from_model):
    blind, direct = parts
    trained = written(tmp_path / "trained.safetensors", MotionDeblurrer(None, learned_beside(small_network())))
    out = tmp_path / "made.safetensors"
    script.main([direct, str(out), "--model", blind, *([] if from_model else ["--restorer", trained])])
    made = load_deblurrer(out)
    assert made.method == "Blind"
    assert type(made.deblurrer.network) is BlindEstimator
    for told in (made.deblurrer.restorer, load_deblurrer("blind").deblurrer.restorer):  # as if made today
        assert (told.apart, told.apart_long, told.turned) == (script.APART, script.APART_LONG, True)
        assert told.direct is None
        assert (told.restorer.title, told.restorer.asking) == ("", True)
    assert {one.dtype for one in load_file(out).values()} == {torch.float16}
    learned = unjudged(load_deblurrer(blind if from_model else trained).deblurrer.restorer)
    learned.direct = load_deblurrer(direct).deblurrer.generator
    blurry, kernel = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 9, 9)
    kernel[..., 4, 2:7] = 0.2
    field = KernelField(kernel, torch.ones(1, 1, 64, 64))
    expected = Agreed(learned, None, script.APART, script.APART_LONG, turned=True)(blurry, field, Exposure())
    torch.testing.assert_close(made.deblurrer.restorer(blurry, field, Exposure()), expected, atol=2e-3, rtol=0)


@pytest.mark.parametrize(
    ("direct", "model", "wrong"), [(0, 0, "no SeeingNAFNet alone"), (1, 1, "estimates no motion"), (1, 2, "without a")]
)
def test_other_checkpoints_are_refused_by_name(script, parts, tmp_path, capsys, direct, model, wrong):
    parts = [*parts, written(tmp_path / "plain.safetensors", MotionDeblurrer(BlindEstimator(9), RichardsonLucy(2)))]
    with pytest.raises(SystemExit):
        script.main([parts[direct], str(tmp_path / "made.safetensors"), "--model", parts[model]])
    error = capsys.readouterr().err
    assert wrong in error
    assert Path(parts[direct if wrong.startswith("no S") else model]).name in error
    assert not (tmp_path / "made.safetensors").exists()


def test_a_restorer_that_learned_otherwise_is_refused_by_name(script, parts, tmp_path, capsys):
    blind, direct = parts
    with pytest.raises(SystemExit):
        script.main([direct, str(tmp_path / "made.safetensors"), "--model", blind, "--restorer", direct])
    assert f"{direct} restores without an UnrolledRestorer. Name a checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "made.safetensors").exists()


def test_weights_beyond_sixteen_bits_are_refused_by_name(script, parts, tmp_path, capsys):
    network = load_deblurrer(parts[1]).deblurrer
    network.generator.head.weight.data[0] = 1e5
    large = written(tmp_path / "large.safetensors", network)
    with pytest.raises(SystemExit):
        script.main([large, str(tmp_path / "made.safetensors"), "--model", parts[0]])
    assert (
        "large.safetensors holds restorer.restorer.direct.head.weight with values beyond 16 bits"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "made.safetensors").exists()
