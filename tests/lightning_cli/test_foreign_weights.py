"""A network in a file of one's own: trained, scored, restored with, and scored by weights of another training."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from deblur_lightning.checkpoints import read_checkpoint
from deblur_lightning.commands import main as deblur
from deblur_lightning.lightning_cli import main as cli
from deblur_lightning.reports import file_hash, read_results

NETWORKS = """
from torch import nn

class Residual(nn.Module):
    def __init__(self, width, layers=[1, 2], **options):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, width, 1), nn.Conv2d(width, 3, 1))

    def forward(self, blurry):
        return blurry + self.layers(blurry)
"""
CONFIG = """
trainer: {accelerator: cpu, max_steps: 1, num_sanity_val_steps: 0, log_every_n_steps: 1, enable_progress_bar: false}
model:
  class_path: RegressionModule
  init_args:
    deblurrer:
      class_path: DirectDeblurrer
      init_args:
        generator: {class_path: somebodys_networks.Residual, init_args: {width: 4}}
        signed: false
data:
  class_path: GoProDataModule
  init_args: {root: pairs, crop_size: 16, batch_size: 2, num_workers: 0, selection: {evaluate_all: true}}
"""
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with a network of one's own, a configuration and pairs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "somebodys_networks.py").write_text(NETWORKS)
    monkeypatch.syspath_prepend(tmp_path / "code")
    (tmp_path / "own.yaml").write_text(CONFIG)
    random = np.random.default_rng(0)
    for kind in ("blur", "sharp"):
        (tmp_path / "pairs" / kind).mkdir(parents=True)
        for name in "abc":
            Image.fromarray(random.integers(60, 200, (24, 26, 3), np.uint8)).save(f"pairs/{kind}/{name}.png")
    yield tmp_path
    sys.modules.pop("somebodys_networks", None)


def lightning(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["lightning", *arguments])
    return cli.run(None)


def residual():
    """The weights of a network that adds twenty levels to each pixel."""
    return {
        "layers.0.weight": torch.zeros(4, 3, 1, 1), "layers.0.bias": torch.zeros(4),
        "layers.1.weight": torch.zeros(3, 4, 1, 1), "layers.1.bias": torch.full((3,), 20 / 255),
    }  # fmt: skip


def test_a_network_of_ones_own_is_trained_scored_and_restored_with(desk, monkeypatch, capsys):
    lightning(monkeypatch, "fit", "--config", "own.yaml")
    checkpoint = "results/runs/version_0/checkpoints/last.ckpt"
    told = read_checkpoint(desk / checkpoint).recipe["init_args"]["generator"]["init_args"]
    assert {name: told[name] for name in ("width", "layers")} == {"width": 4, "layers": [1, 2]}
    lightning(monkeypatch, "test", "--config", "own.yaml", "--ckpt_path", checkpoint)
    assert read_results(desk / "results/results.jsonl")[-1].method == "Residual"
    folder = ("--trainer.callbacks+", "SaveRestored", "--trainer.callbacks.folder", "restored")
    lightning(monkeypatch, "predict", "--config", "own.yaml", "--ckpt_path", checkpoint, *folder)
    assert (desk / "restored/a.png").is_file()
    with pytest.raises(SystemExit) as end:
        deblur(["restore", "pairs/blur/a.png", "--checkpoint", checkpoint, "-o", "a.png"])
    assert not end.value.code
    same = np.asarray(Image.open("a.png"), int) - np.asarray(Image.open("restored/a.png"), int)
    assert abs(same).max() <= 1


def saved(kind):
    weights = residual()
    if kind == "safetensors":
        save_file(weights, "theirs.safetensors")
        return "theirs.safetensors"
    nested = {"params": {f"module.{name}": weight for name, weight in weights.items()}, "epoch": 7}
    torch.save(nested if kind == "nested" else weights, "theirs.pth")
    return "theirs.pth"


@pytest.mark.parametrize("kind", ["plain", "nested", "safetensors"])
def test_weights_alone_are_scored_in_the_network_that_the_configuration_names(kind, desk, monkeypatch):
    path = saved(kind)
    module = lightning(monkeypatch, "test", "--config", "own.yaml", "--ckpt_path", path).model
    (result,) = read_results(desk / "results/results.jsonl")
    assert (result.checkpoint, result.checkpoint_name) == (file_hash(path), path)
    errors = []
    for name in "abc":
        blurry, sharp = (np.asarray(Image.open(f"pairs/{kind}/{name}.png")) / 255 for kind in ("blur", "sharp"))
        errors.append(-10 * np.log10(((blurry + 20 / 255 - sharp) ** 2).mean()))
    assert result.metrics["psnr"] == pytest.approx(np.mean(errors), abs=1e-5)
    assert torch.equal(module.deblurrer.generator.layers[1].bias, torch.full((3,), 20 / 255))


def test_a_training_begins_with_weights_alone(desk, monkeypatch):
    rate = ("--model.init_args.optimizer", "torch.optim.SGD", "--model.init_args.optimizer.init_args.lr", "0")
    fitted = lightning(monkeypatch, "fit", "--config", "own.yaml", "--ckpt_path", saved("plain"), *rate)
    assert torch.equal(fitted.model.deblurrer.generator.layers[1].bias, torch.full((3,), 20 / 255))
    assert fitted.trainer.global_step == 1


def test_weights_of_another_network_are_told(desk, monkeypatch):
    torch.save({**residual(), "layers.0.bias": torch.zeros(5)}, "theirs.pth")
    monkeypatch.setattr(sys, "argv", ["lightning", "test", "--config", "own.yaml", "--ckpt_path", "theirs.pth"])
    with pytest.raises(SystemExit, match=r"holds another architecture than the config's model \(size mismatch for"):
        cli.main()


def test_a_damaged_file_is_named(desk, monkeypatch):
    whole = Path(saved("safetensors"))
    whole.write_bytes(whole.read_bytes()[:60] + b"}}" + whole.read_bytes()[62:])
    with pytest.raises(ValueError, match=r"theirs\.safetensors is damaged, or no safetensors file"):
        lightning(monkeypatch, "test", "--config", "own.yaml", "--ckpt_path", "theirs.safetensors")
