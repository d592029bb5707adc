"""The script that gives `learned` another direct network."""

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
    UnrolledRestorer,
    describe,
    load_deblurrer,
)
from deblur_lightning.networks import SeeingNAFNet


@pytest.fixture(scope="module")
def script():
    return load_script("seeing/assemble.py")


def written(path, model):
    model.half()
    write_checkpoint(path, model.state_dict(), describe(model))
    return str(path)


def small_network():
    network = SeeingNAFNet(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)
    nn.init.normal_(network.inner.ending.weight, std=0.01)
    return network


@pytest.fixture
def parts(tmp_path):
    torch.manual_seed(0)
    restorer = Agreed(UnrolledRestorer((2,), 8, 1, (1,), (1,), direct=small_network()), None, 0.35)
    learned = MotionDeblurrer(BlindEstimator(9), restorer)
    direct = DirectDeblurrer(small_network(), signed=False)
    return written(tmp_path / "old.safetensors", learned), written(tmp_path / "direct.safetensors", direct)


def test_the_restorer_stays_and_the_network_is_borrowed_and_asked_twice(script, parts, tmp_path):
    old, direct = parts
    out = tmp_path / "learned.safetensors"
    script.main([direct, str(out), "--model", old])
    made, before = (load_deblurrer(path).deblurrer.restorer for path in (out, old))
    assert (made.apart, made.apart_long, made.turned, before.turned) == (0.35, None, True, False)
    network = load_deblurrer(direct).deblurrer.generator
    for name, weight in made.restorer.direct.state_dict().items():
        assert torch.equal(weight, network.state_dict()[name])
    for name, weight in made.restorer.priors.state_dict().items():
        assert torch.equal(weight, before.restorer.priors.state_dict()[name])
    assert not any("direct" in name for name in load_file(out))


def test_what_does_not_fit_is_said(script, parts, tmp_path, capsys):
    old, direct = parts
    for arguments, said in (([old, "--model", old], "no SeeingNAFNet alone"), ([direct, "--model", direct], "asks no")):
        with pytest.raises(SystemExit):
            script.main([arguments[0], str(tmp_path / "out.safetensors"), *arguments[1:]])
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out.safetensors").exists()
