import pytest
import torch
from plain_nafnet import nafnet_weights, plain_nafnet

from deblur_lightning.checkpoints import load_published

SMALL = {"width": 4, "middle": 2, "encoder": (1, 1, 3), "decoder": (2, 1, 1)}


def saved(path, content):
    torch.save(content, path)
    return path


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_output_is_that_of_the_original(tmp_path, prefix, wrapped):
    weights = nafnet_weights(**SMALL)
    named = {prefix + name: weight for name, weight in weights.items()}
    path = saved(tmp_path / "NAFNet-GoPro-width32.pth", {"params": named} if wrapped else named)
    network = load_published(path, model="nafnet")
    blurry = torch.rand(1, 3, 21, 34)
    with torch.no_grad():
        restored, expected = network(blurry), plain_nafnet(weights, blurry)
    torch.testing.assert_close(restored, expected, rtol=0, atol=1e-4)
    assert not network.training


def test_the_published_size_is_read_off_the_tensors(tmp_path):
    network = load_published(saved(tmp_path / "w32.pth", {"params": nafnet_weights()}))
    assert type(network).__name__ == "NAFNet"
    assert sum(parameter.numel() for parameter in network.parameters()) == 17_111_907
    assert [len(stage) for stage in network.encoders] == [1, 1, 1, 28]


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"encoders.0.0.sca.1.bias": None}, r"lacks encoders\.0\.0\.sca\.1\.bias\. Download it again"),
        ({"ups.1.0.bias": torch.ones(8)}, r"has the unknown ups\.1\.0\.bias\. Download it again"),
        ({"downs.1.weight": torch.ones(16, 8, 3, 3)}, r"of shape \[16, 8, 3, 3\], but \[16, 8, 2, 2\] is needed"),
    ],
)
def test_incomplete_weights_are_one_sentence(tmp_path, changes, remedy):
    weights = nafnet_weights(**SMALL) | changes
    path = saved(tmp_path / "N.pth", {name: weight for name, weight in weights.items() if weight is not None})
    with pytest.raises(ValueError, match=remedy):
        load_published(path)


def test_another_model_is_told_apart(tmp_path):
    path = saved(tmp_path / "N.pth", nafnet_weights(**SMALL))
    with pytest.raises(ValueError, match=r"weights of nafnet, but model is deblurgan\. Pass nafnet\."):
        load_published(path, model="deblurgan")
