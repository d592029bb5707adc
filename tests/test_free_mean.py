"""The script that averages the weights of networks that went on from one another."""

import pytest
import torch
from safetensors.torch import load_file
from scripts import load_script

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.deblurring import DirectDeblurrer, describe, load_deblurrer
from deblur_lightning.networks import FoldedNAFNet


@pytest.fixture(scope="module")
def script():
    return load_script("free/mean.py")


def written(path, width, seed):
    torch.manual_seed(seed)
    model = DirectDeblurrer(
        FoldedNAFNet(width=width, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,)), signed=False
    )
    write_checkpoint(path, model.state_dict(), describe(model))
    return str(path)


def test_each_weight_is_the_mean_of_all(script, tmp_path):
    three = [written(tmp_path / f"{seed}.safetensors", 4, seed) for seed in range(3)]
    out = tmp_path / "mean.safetensors"
    script.main([*three, str(out)])
    stored, (first, second, third) = load_file(out), map(load_file, three)
    assert stored.keys() == first.keys()
    for name, weight in stored.items():
        torch.testing.assert_close(weight, torch.stack((first[name], second[name], third[name])).mean(0))
    assert isinstance(load_deblurrer(out).deblurrer, DirectDeblurrer)


@pytest.mark.parametrize(("other", "wrong"), [("wide", "is of another network than"), ("none", "is no file")])
def test_what_cannot_be_averaged_is_named(script, tmp_path, capsys, other, wrong):
    one = written(tmp_path / "one.safetensors", 4, 1)
    written(tmp_path / "wide.safetensors", 8, 1)
    with pytest.raises(SystemExit):
        script.main([one, str(tmp_path / f"{other}.safetensors"), str(tmp_path / "mean.safetensors")])
    error = capsys.readouterr().err
    assert wrong in error
    assert f"{other}.safetensors" in error
    assert not (tmp_path / "mean.safetensors").exists()
