"""LPIPS and DISTS against torchmetrics' own, on classifiers of random weights in torchvision's format.

The published classifiers are 200 to 500 MB and are not here: what is proved is the way, not the published figures.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchmetrics.functional.image import dists as reference_dists
from torchmetrics.functional.image import lpips as reference_lpips

from deblur_lightning.commands import main
from deblur_lightning.metrics.perceptual import load_perceptual
from deblur_lightning.networks.classifiers import ALEXNET, VGG16
from deblur_lightning.reports.results import read_results

ALEXNET_CONVOLUTIONS = {0: (3, 64, 11, 4, 2), 3: (64, 192, 5, 1, 2), 6: (192, 384, 3, 1, 1), 8: (384, 256, 3, 1, 1), 10: (256, 256, 3, 1, 1)}  # fmt: skip # noqa: E501
VGG16_HALVES = (4, 9, 16, 23, 30)


def alexnet():
    """torchvision's layers, literally."""
    layers = [nn.MaxPool2d(3, 2) if place in (2, 5, 12) else nn.ReLU(inplace=True) for place in range(13)]
    for place, (inputs, outputs, side, stride, margin) in ALEXNET_CONVOLUTIONS.items():
        layers[place] = nn.Conv2d(inputs, outputs, side, stride, margin)
    return nn.Sequential(*layers)


def vgg16():
    """torchvision's layers, literally."""
    layers, inputs = [], 3
    for outputs in (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"):
        layers += [nn.MaxPool2d(2)] if outputs == "M" else [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ReLU(inplace=True)]
        inputs = inputs if outputs == "M" else outputs
    return nn.Sequential(*layers)


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory):
    """A cache of torch's with both files, their classifiers' last layers left out."""
    cache = tmp_path_factory.mktemp("torch")
    (cache / "hub/checkpoints").mkdir(parents=True)
    made = {}
    for name, network in ((ALEXNET, alexnet), (VGG16, vgg16)):
        torch.manual_seed(3)
        made[name] = network().eval()
        weights = {f"features.{key}": value for key, value in made[name].state_dict().items()}
        torch.save({**weights, "classifier.6.bias": torch.zeros(1000)}, cache / "hub/checkpoints" / name)
    return cache, made


@pytest.fixture
def cached(classifiers, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(classifiers[0]))
    return classifiers[1]


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    sharp = torch.rand(2, 3, 67, 80, generator=generator)
    return (sharp + 0.1 * torch.randn(sharp.shape, generator=generator)).clamp(0, 1), sharp


def test_lpips_is_torchmetrics_on_the_same_classifier(cached, pictures, monkeypatch):
    monkeypatch.setattr(reference_lpips, "_get_tv_model_features", lambda net, pretrained: cached[ALEXNET])
    reference = reference_lpips._LPIPS(net="alex").eval()
    expected = reference(*pictures, normalize=True).flatten()
    ours = load_perceptual("lpips")
    torch.testing.assert_close(ours(*pictures), expected, rtol=1e-4, atol=1e-7)
    assert (expected > 1e-4).all()
    assert (ours(pictures[1], pictures[1]) == 0).all()


def test_dists_is_torchmetrics_on_the_same_classifier(cached, pictures, monkeypatch):
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda path, **options: load(path, **{"map_location": "cpu", **options}))
    monkeypatch.setattr(reference_dists, "_TORCHVISION_AVAILABLE", True)
    monkeypatch.setattr(reference_dists, "VGG16_Weights", SimpleNamespace(DEFAULT=None), raising=False)
    network = SimpleNamespace(features=cached[VGG16])
    monkeypatch.setattr(reference_dists, "vgg16", lambda weights: network, raising=False)
    expected = reference_dists.DISTSNetwork().eval()(*pictures)
    ours = load_perceptual("dists")
    torch.testing.assert_close(ours(*pictures), expected.detach(), rtol=1e-4, atol=1e-6)
    assert (expected > 1e-4).all()
    assert ours(pictures[1], pictures[1]).abs().max() < 1e-5


def test_missing_and_damaged_weights_and_small_pictures_are_told(tmp_path, pictures, cached, monkeypatch):
    with pytest.raises(ValueError, match=r"pictures are 80 x 63, but --lpips needs sides of 64"):
        load_perceptual("lpips")(*(one[..., :63, :] for one in pictures))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name, file in (("lpips", ALEXNET), ("dists", VGG16)):
        with pytest.raises(FileNotFoundError, match=rf"hub/checkpoints/{file} does not exist.* Put https://.*{file}"):
            load_perceptual(name)
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.save({"other": torch.zeros(3)}, tmp_path / "hub/checkpoints" / ALEXNET)
    with pytest.raises(ValueError, match=rf"{ALEXNET} holds no such weights\. Download"):
        load_perceptual("lpips")


def test_score_measures_them_where_asked_and_else_says_which_file_is_missing(tmp_path, pictures, cached, monkeypatch):
    restored, sharp = (one[0] for one in pictures)
    for name, picture in (("restored", restored), ("sharp", sharp)):
        pixels = (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    files = [str(tmp_path / f"{name}.png") for name in ("restored", "sharp")]
    command = ["score", *files, "--store", str(tmp_path / "results.jsonl"), "--no-cw-ssim", "--lpips"]
    with pytest.raises(SystemExit) as end:
        main(command)
    assert not end.value.code
    (stored,) = read_results(tmp_path / "results.jsonl")
    stored_pictures = (torch.from_numpy(np.asarray(Image.open(file)) / 255).permute(2, 0, 1)[None] for file in files)
    expected = load_perceptual("lpips")(*stored_pictures).item()
    assert stored.metrics["lpips"] == pytest.approx(expected, rel=1e-4)
    assert "--lpips" in stored.config
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    with pytest.raises(SystemExit, match=rf"{ALEXNET} does not exist, but LPIPS compares its features\. Put"):
        main(command)
