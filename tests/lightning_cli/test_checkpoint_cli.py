import json
import sys
from pathlib import Path

import pytest
import torch
import yaml
from pytorch_lightning.callbacks import BasePredictionWriter
from resnet_generator import generator_weights
from small_models import small_config, small_motion_deblurrer
from two_heads import two_heads_weights

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.commands.import_weights import import_weights
from deblur_lightning.deblurring import DirectDeblurrer, NoticedExposure, describe, load_deblurrer
from deblur_lightning.lightning_cli import main as cli
from deblur_lightning.modules import AdaptiveBasisModule
from deblur_lightning.networks import DeblurGANGenerator
from deblur_lightning.reports import file_hash

NETWORK = "model.init_args.deblurrer.init_args.network.init_args"

SHAPE = {"class_path": "AdaptiveBasisNetwork", "init_args": {"num_basis": 4, "kernel_size": 17, "width": 16}}
SATURATED = {"class_path": "RichardsonLucy", "init_args": {"iterations": 2, "method": "saturated"}}
LINEAR = {"class_path": "CameraExposure", "init_args": {"gamma": 1.0}}
CONFIG = small_config(deblurrer={"network": SHAPE, "restorer": SATURATED, "exposure": LINEAR})
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*logging interval.*"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(CONFIG)
    torch.save(two_heads_weights(3, 9, 8), "TwoHeads.pkl")
    return tmp_path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["lightning", *arguments])
    return cli.run(None)


def test_no_batch_makes_no_step(folder, monkeypatch):
    with pytest.raises(ValueError, match=r"accumulate_grad_batches is 0, but it counts batches\. Pass 1 or more"):
        run(monkeypatch, "fit", "--config", "small.yaml", "--trainer.accumulate_grad_batches=0")


@pytest.mark.parametrize("imported", ["imported.ckpt", "imported.safetensors"])
def test_a_checkpoint_tells_the_shape_and_the_configuration_everything_else(folder, monkeypatch, imported):
    import_weights(folder / "TwoHeads.pkl", folder / imported)
    module = run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", imported).model
    deblurrer = module.deblurrer
    assert (deblurrer.exposure.gamma, deblurrer.restorer.method, deblurrer.restorer.iterations) == (1.0, "saturated", 2)
    assert torch.equal(module.deblurrer.network.stem_rgb[0].weight, two_heads_weights(3, 9, 8)["inc_rgb.0.weight"])
    stored = json.loads((folder / "results" / "results.jsonl").read_text())
    assert (stored["checkpoint"], stored["checkpoint_name"]) == (file_hash(imported), imported)
    assert stored["seconds"] > 0
    assert stored["device"].startswith("cpu, ")
    assert stored["config"] == f"lightning test --config small.yaml --ckpt_path {imported}"


def test_arguments_that_a_training_saved_do_not_win_over_the_configuration(folder, monkeypatch):
    trained = AdaptiveBasisModule(small_motion_deblurrer(iterations=30))
    content = {"state_dict": trained.state_dict(), "hyper_parameters": dict(trained.hparams), "optimizer_states": []}
    torch.save({**content, "pytorch-lightning_version": "2.6.6", "epoch": 0, "global_step": 0}, "trained.ckpt")
    module = run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", "trained.ckpt").model
    deblurrer = module.deblurrer
    assert (deblurrer.exposure.gamma, deblurrer.restorer.method, deblurrer.restorer.iterations) == (1.0, "saturated", 2)
    assert len(module.deblurrer.network.kernel_up) == 3


def test_a_shape_that_is_not_the_configurations_is_said(folder, monkeypatch, capsys):
    import_weights(folder / "TwoHeads.pkl", folder / "imported.ckpt")
    run(
        monkeypatch, "validate", "--config", "small.yaml", "--ckpt_path", "imported.ckpt", f"--{NETWORK}.num_basis", "3"
    )
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lightning: ")]
    assert notes == [
        "lightning: kernel_size is 9 as in imported.ckpt; the configuration says 17.",
        "lightning: width is 8 as in imported.ckpt; the configuration says 16.",
    ]


def test_an_untrained_network_is_named_so_on_screen_and_kept_out_of_tables(folder, monkeypatch, capsys):
    shape = (f"--{NETWORK}.kernel_size", "9", f"--{NETWORK}.width", "8")
    run(monkeypatch, "test", "--config", "small.yaml", *shape)
    assert "lightning: There is no --ckpt_path, so an untrained network is used." in capsys.readouterr().err
    assert not (folder / "results/results.jsonl").exists()


class Writer(BasePredictionWriter):
    """A callback of one's own."""

    def __init__(self):
        super().__init__("epoch")

    def write_on_epoch_end(self, trainer, pl_module, predictions, batch_indices):
        Path("kept").touch()


def test_a_prediction_that_keeps_no_picture_is_refused_with_the_remedy(folder, monkeypatch):
    import_weights(folder / "TwoHeads.pkl", folder / "imported.ckpt")
    predict = ("predict", "--config", "small.yaml", "--ckpt_path", "imported.ckpt")
    with pytest.raises(ValueError, match=r"to keep them\. Pass --trainer\.callbacks\+ SaveRestored"):
        run(monkeypatch, *predict)
    run(monkeypatch, *predict, "--trainer.callbacks+", "SaveRestored", "--trainer.callbacks.folder", "restored")
    assert len(list((folder / "restored").rglob("*.png"))) == 2


def test_a_writer_of_ones_own_keeps_a_prediction(folder, monkeypatch):
    import_weights(folder / "TwoHeads.pkl", folder / "imported.ckpt")
    predict = ("predict", "--config", "small.yaml", "--ckpt_path", "imported.ckpt")
    run(monkeypatch, *predict, "--trainer.callbacks+", f"{__name__}.Writer")
    assert Path("kept").is_file()


def test_imported_weights_begin_a_training(folder, monkeypatch):
    import_weights(folder / "TwoHeads.pkl", folder / "half.safetensors", half=True)
    still = ("--model.optimizer", "torch.optim.SGD", "--model.optimizer.lr", "0")
    done = run(monkeypatch, "fit", "--config", "small.yaml", "--ckpt_path", "half.safetensors", *still)
    assert done.trainer.global_step == 1
    weight = done.model.deblurrer.network.stem_rgb[0].weight
    assert torch.equal(weight, two_heads_weights(3, 9, 8)["inc_rgb.0.weight"].half().float())


def test_a_configuration_that_names_no_deblurrer_takes_the_checkpoint_s_whole(folder, monkeypatch):
    deblurrer = small_motion_deblurrer(exposure=NoticedExposure(2.0), iterations=3)
    write_checkpoint(folder / "whole.safetensors", deblurrer.state_dict(), describe(deblurrer))
    config = yaml.safe_load(CONFIG)
    config["model"] = {"class_path": "AdaptiveBasisModule"}
    (folder / "bare.yaml").write_text(yaml.safe_dump(config))
    found = run(monkeypatch, "validate", "--config", "bare.yaml", "--ckpt_path", "whole.safetensors").model.deblurrer
    assert describe(found) == describe(deblurrer)
    assert torch.equal(found.network.bottleneck[0].weight, deblurrer.network.bottleneck[0].weight)


def test_a_bundled_model_is_known_by_its_name(folder, monkeypatch):
    config = yaml.safe_load(CONFIG)
    config["model"] = {"class_path": "RestorationModule", "init_args": {"deblurrer": {"class_path": "DirectDeblurrer"}}}
    (folder / "bare.yaml").write_text(yaml.safe_dump(config))
    found = run(monkeypatch, "validate", "--config", "bare.yaml", "--ckpt_path", "direct").model.deblurrer
    bundled = load_deblurrer("direct", turned=False).deblurrer  # how often it looks is for the configuration to say
    assert describe(found) == describe(bundled)
    torch.testing.assert_close(found.state_dict(), bundled.state_dict(), rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore:The dirpath has changed.*")
def test_any_checkpoint_s_deblurrer_is_tested_by_the_plain_module(folder, monkeypatch):
    run(monkeypatch, "fit", "--config", "small.yaml", f"--{NETWORK}.kernel_size", "9")
    (last,) = folder.glob("results/runs/*/checkpoints/last.ckpt")
    (folder / "plain.yaml").write_text(CONFIG.replace("AdaptiveBasisModule", "RestorationModule"))
    module = run(monkeypatch, "test", "--config", "plain.yaml", "--ckpt_path", str(last)).model
    trained = torch.load(last, weights_only=True)["state_dict"]
    assert torch.equal(module.deblurrer.network.bottleneck[0].weight, trained["deblurrer.network.bottleneck.0.weight"])
    again = AdaptiveBasisModule.load_from_checkpoint(last, weights_only=True)
    assert torch.equal(again.deblurrer.network.bottleneck[0].weight, trained["deblurrer.network.bottleneck.0.weight"])


@pytest.mark.parametrize("imported", ["imported.ckpt", "imported.safetensors"])
def test_deblurgan_is_scored_without_a_critic_in_the_checkpoint(folder, monkeypatch, imported):
    weights = generator_weights("one", width=8)
    torch.save(weights, "latest_net_G.pth")
    import_weights(folder / "latest_net_G.pth", folder / imported)
    config = yaml.safe_load(CONFIG)
    config["model"] = {"class_path": "DeblurGANModule", "init_args": {"deblurrer": {"class_path": "DirectDeblurrer"}}}
    (folder / "small.yaml").write_text(yaml.safe_dump(config))
    module = run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", imported).model
    assert torch.equal(module.generator.model[18].conv_block[1].weight, weights["model.18.conv_block.1.weight"])
    import_weights(folder / "TwoHeads.pkl", folder / "other.ckpt")
    with pytest.raises(
        ValueError, match=r"is a checkpoint of MotionDeblurrer, but the configuration's model is DirectD"
    ):
        run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", "other.ckpt")


MOTION = describe(small_motion_deblurrer())


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (
            {"state_dict": {"deblurrer.x": torch.zeros(1)}, "hyper_parameters": {"deblurrer": MOTION}},
            r"bad\.ckpt holds weights of another architecture",
        ),
        ({"state_dict": {"network.x": torch.zeros(1)}}, r"bad\.ckpt holds .* of an earlier version of ours"),
        ({"state_dict": {"x": torch.zeros(1)}}, r"bad\.ckpt holds the weights of another model"),
        ({"x": torch.zeros(1)}, r"bad\.ckpt holds the weights of another network \(x, …\) than ours\. Pass a file"),
        ({"state_dict": {}, "callbacks": print}, r"bad\.ckpt holds more than weights, and code in it is never run"),
        (3, r"bad\.ckpt is damaged, or no checkpoint"),
    ],
)
def test_other_files_stop_the_run_with_a_sentence(folder, monkeypatch, content, remedy):
    torch.save(content, "bad.ckpt")
    with pytest.raises(ValueError, match=remedy):
        run(monkeypatch, "fit", "--config", "small.yaml", "--ckpt_path", "bad.ckpt")


def direct_config(generator, **init_args):
    """A configuration that trains a direct network for a step of random pictures."""
    deblurrer = {"class_path": "DirectDeblurrer", "init_args": {"generator": generator, **init_args}}
    model = {"class_path": "RegressionModule", "init_args": {"deblurrer": deblurrer}}
    return yaml.safe_dump(yaml.safe_load(CONFIG) | {"model": model})


def test_a_checkpoint_of_another_network_is_refused(folder, monkeypatch, capsys):
    small = DirectDeblurrer(DeblurGANGenerator(4, 1))
    write_checkpoint(folder / "gan.ckpt", small.state_dict(), describe(small))
    (folder / "other.yaml").write_text(direct_config({"class_path": "FoldedNAFNet"}, signed=False))
    monkeypatch.setattr(sys, "argv", ["lightning", "test", "--config", "other.yaml", "--ckpt_path", "gan.ckpt"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = f"{stopped.value.code}{capsys.readouterr().err}"
    assert "gan.ckpt is a checkpoint of DeblurGANGenerator, but the configuration's generator is FoldedNAFNet." in said


def test_what_a_network_takes_is_the_checkpoints(folder, monkeypatch, capsys):
    small = DirectDeblurrer(DeblurGANGenerator(4, 1))
    write_checkpoint(folder / "gan.ckpt", small.state_dict(), describe(small))
    (folder / "same.yaml").write_text(direct_config({"class_path": "DeblurGANGenerator"}, signed=False))
    module = run(monkeypatch, "validate", "--config", "same.yaml", "--ckpt_path", "gan.ckpt").model
    assert module.deblurrer.signed
    assert "signed is True as in gan.ckpt; the configuration says False." in capsys.readouterr().err
