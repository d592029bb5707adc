import pytest
import torch
from resnet_generator import critic_weights, generator_weights, resnet_generator
from two_heads import two_heads_weights

from deblur_lightning.checkpoints import load_published


def saved(path, weights):
    torch.save(weights, path)
    return path


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("topology", ["two, dropout", "two", "one"])
def test_the_output_is_that_of_the_original(tmp_path, topology, statistics, prefix):
    weights = generator_weights(topology, width=8, statistics=statistics)
    path = saved(tmp_path / "latest_net_G.pth", {prefix + name: weight for name, weight in weights.items()})
    generator = load_published(path, model="deblurgan")
    blurry = 2 * torch.rand(2, 3, 44, 60) - 1
    with torch.no_grad():
        restored = generator(blurry)
        expected = resnet_generator(weights, blurry)
    assert (expected - blurry).abs().mean() > 0.1  # random weights, but they do something
    torch.testing.assert_close(restored, expected, rtol=0, atol=1e-5)
    assert not generator.training


@pytest.mark.parametrize(("topology", "parameters"), [("two, dropout", 11_378_179), ("one", 6_067_459)])
def test_the_published_sizes_load_and_answer_alike(tmp_path, topology, parameters):
    weights = generator_weights(topology)
    generator = load_published(saved(tmp_path / "latest_net_G.pth", weights))
    assert sum(parameter.numel() for parameter in generator.parameters()) == parameters
    blurry = 2 * torch.rand(1, 3, 40, 52) - 1
    double = {name: weight.double() for name, weight in weights.items()}
    with torch.no_grad():  # in float64: eighteen normalisations multiply float32's rounding, more on some processors
        restored, expected = generator.double()(blurry.double()), resnet_generator(double, blurry.double())
    torch.testing.assert_close(restored, expected, rtol=0, atol=1e-10)


def test_six_blocks_load_too(tmp_path):
    weights = generator_weights(width=8, blocks=6)
    generator = load_published(saved(tmp_path / "latest_net_G.pth", weights))
    blurry = 2 * torch.rand(1, 3, 32, 32) - 1
    with torch.no_grad():
        torch.testing.assert_close(generator(blurry), resnet_generator(weights, blurry), rtol=0, atol=1e-5)


def test_a_critic_and_the_other_model_are_told_apart(tmp_path):
    critic = saved(tmp_path / "latest_net_D.pth", critic_weights(8))
    for model in (None, "deblurgan", "adaptive-basis"):
        with pytest.raises(ValueError, match=r"latest_net_D\.pth holds DeblurGAN's critic, .* Pass latest_net_G\.pth"):
            load_published(critic, model=model)
    generator = saved(tmp_path / "latest_net_G.pth", generator_weights(width=8))
    with pytest.raises(ValueError, match=r"weights of deblurgan, but model is adaptive-basis\. Pass deblurgan\."):
        load_published(generator, model="adaptive-basis")
    two_heads = saved(tmp_path / "TwoHeads.pkl", two_heads_weights(3, 9, 8))
    with pytest.raises(ValueError, match=r"weights of adaptive-basis, but model is deblurgan\. Pass adaptive-basis\."):
        load_published(two_heads, model="deblurgan")


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"model.12.conv_block.6.weight": None}, r"lacks model\.12\.conv_block\.6\.weight\. Download it again"),
        ({"model.3.weight": torch.ones(8)}, r"has the unknown model\.3\.weight\. Download it again"),
        ({"model.11.conv_block.3.weight": torch.ones(8)}, r"has the unknown model\.11\.conv_block\.3\.weight\. Down"),
        ({"model.26.weight": torch.ones(3, 8, 5, 5)}, r"of shape \[3, 8, 5, 5\], but \[3, 8, 7, 7\] is needed"),
    ],
)
def test_incomplete_weights_are_one_sentence(tmp_path, changes, remedy):
    weights = generator_weights(width=8) | changes
    path = saved(tmp_path / "G.pth", {name: weight for name, weight in weights.items() if weight is not None})
    with pytest.raises(ValueError, match=remedy):
        load_published(path)
