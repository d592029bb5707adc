import re

import pytest
import torch
from two_heads import two_heads, two_heads_weights

from deblur_lightning.checkpoints import load_published


def saved(path, weights, **options):
    torch.save(weights, path, **options)
    return path


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("kernel_size", [33, 65])
def test_the_output_is_that_of_the_original(tmp_path, kernel_size, channels):
    weights = two_heads_weights(num_basis=7, kernel_size=kernel_size, width=8, seed=kernel_size + channels)
    network = load_published(saved(tmp_path / "TwoHeads.pkl", weights), model="adaptive-basis")
    light = torch.rand(2, channels, 53, 70) - 0.5
    with torch.no_grad():
        field = network(light)
        basis, masks = two_heads(weights, light)
        precise = network.double()(light.double())
    assert field.basis.shape == (2, 7, kernel_size, kernel_size)
    assert masks.std() > 0.01  # random weights, but no constant answer
    torch.testing.assert_close(field.basis, basis, rtol=0, atol=1e-5)
    torch.testing.assert_close(field.coefficients, masks, rtol=0, atol=1e-5)
    basis, masks = two_heads({name: weight.double() for name, weight in weights.items()}, light.double())
    torch.testing.assert_close(precise.basis.double(), basis, rtol=1e-5, atol=1e-8)
    torch.testing.assert_close(precise.coefficients.double(), masks, rtol=1e-5, atol=1e-7)


def test_the_published_size_loads_and_answers_alike(tmp_path):
    weights = two_heads_weights()
    path = saved(tmp_path / "TwoHeads.pkl", weights)
    network = load_published(path)
    path.unlink()  # 320 MB
    assert not network.training
    assert sum(parameter.numel() for parameter in network.parameters()) == 79_829_298
    light = torch.rand(1, 3, 32, 45) - 0.5
    with torch.no_grad():
        field = network(light)
        basis, masks = two_heads(weights, light)
    torch.testing.assert_close(field.basis, basis, rtol=0, atol=1e-5)
    torch.testing.assert_close(field.coefficients, masks, rtol=0, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_old_files_and_those_of_several_gpus_load(tmp_path, prefix, options):
    weights = two_heads_weights(3, 9, 8)
    path = saved(tmp_path / "80000_kernels_network.pth", {prefix + k: v for k, v in weights.items()}, **options)
    network = load_published(path, "adaptive-basis")
    assert torch.equal(network.stem_rgb[0].weight, weights["inc_rgb.0.weight"])
    assert len(network.kernel_up) == 3


def test_files_from_a_gpu_and_from_python_2_load(tmp_path):
    weights = two_heads_weights(3, 9, 8)
    path = saved(tmp_path / "TwoHeads.pkl", weights, _use_new_zipfile_serialization=False)
    from_gpu = path.read_bytes().replace(b"X\3\0\0\0cpu", b"X\6\0\0\0cuda:0")
    path.write_bytes(re.sub(rb"X([\x01-\x7f])\0\0\0(?=[\x20-\x7e])", rb"U\1", from_gpu))  # byte strings, not Unicode
    assert b"U\6cuda:0" in path.read_bytes()
    network = load_published(path, "adaptive-basis")
    assert torch.equal(network.kernel_head[2].weight, weights["kernels_end.4.weight"])


def test_sixteen_bits_load_as_thirty_two_and_the_network_can_be_trained_on(tmp_path):
    weights = {name: weight.half() for name, weight in two_heads_weights(3, 9, 8).items()}
    network = load_published(saved(tmp_path / "half.pkl", weights))
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    network(torch.rand(1, 3, 40, 40)).coefficients.square().sum().backward()
    assert network.stem_rgb[0].weight.grad.abs().sum() > 0
