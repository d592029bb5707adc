"""The script that gives a direct network more blocks."""

import argparse
import importlib.util
from pathlib import Path

import pytest
import torch

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.deblurring import DirectDeblurrer, describe, load_deblurrer
from deblur_lightning.networks import FoldedNAFNet

SCRIPT = Path(__file__).parents[1] / "experiments" / "direct" / "grow.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("grow", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(tmp_path):
    torch.manual_seed(0)
    network = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1, 1), decoder_blocks=(1, 1), pool=32)
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.1)
    deblurrer = DirectDeblurrer(network, signed=False)
    write_checkpoint(tmp_path / "small.safetensors", deblurrer.state_dict(), describe(deblurrer))
    return tmp_path / "small.safetensors"


def grown(script, small, **blocks):
    out = small.with_name("grown.safetensors")
    script.main(argparse.Namespace(checkpoint=small, out=out, **blocks))
    return load_deblurrer(out).deblurrer


def test_a_larger_network_restores_as_the_smaller_one_did(script, small):
    larger = grown(script, small, middle=2, encoders=[1, 2], decoders=[3, 1])
    assert [len(stage) for stage in larger.generator.inner.encoders] == [1, 2]
    assert [len(stage) for stage in larger.generator.inner.decoders] == [3, 1]
    blurry = torch.rand(1, 3, 70, 50)
    torch.testing.assert_close(larger(blurry).picture, load_deblurrer(small).deblurrer(blurry).picture)
    assert not larger.generator.inner.middle_blks[1].beta.any()


def test_a_network_of_fewer_blocks_is_refused(script, small):
    with pytest.raises(SystemExit, match="at least as many"):
        grown(script, small, middle=0, encoders=[1, 1], decoders=[1, 1])
