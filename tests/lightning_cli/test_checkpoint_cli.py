import json
import sys

import pytest
import torch
from resnet_generator import generator_weights
from two_heads import two_heads_weights

from deblur_lightning.checkpoints import read_checkpoint
from deblur_lightning.commands.import_weights import import_weights
from deblur_lightning.jobs import load_restorer
from deblur_lightning.lightning_cli import main as cli
from deblur_lightning.modules import AdaptiveBasisModule

CONFIG = """\
trainer: {accelerator: cpu, max_epochs: 1, enable_progress_bar: false, enable_model_summary: false}
model:
  class_path: AdaptiveBasisModule
  init_args: {num_basis: 4, kernel_size: 17, width: 16, gamma: 1.0, method: saturated, iterations: 2}
data:
  class_path: SyntheticBlurDataModule
  init_args:
    sources: [{class_path: WheelPhotos}]
    crop_size: 40
    kernel_size: 9
    batch_size: 2
    samples_per_epoch: 2
    val_samples: 2
    test_samples: 2
    num_workers: 0
"""
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


@pytest.mark.parametrize("imported", ["imported.ckpt", "imported.safetensors"])
def test_a_checkpoint_tells_the_shape_and_the_configuration_everything_else(folder, monkeypatch, imported):
    import_weights(folder / "TwoHeads.pkl", folder / imported)
    module = run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", imported).model
    assert (module.gamma, module.method, module.iterations) == (1.0, "saturated", 2)
    assert torch.equal(module.network.stem_rgb[0].weight, two_heads_weights(3, 9, 8)["inc_rgb.0.weight"])
    assert json.loads((folder / "results" / "results.jsonl").read_text())["checkpoint"]


def test_arguments_that_a_training_saved_do_not_win_over_the_configuration(folder, monkeypatch):
    trained = AdaptiveBasisModule(num_basis=3, kernel_size=9, width=8, gamma=2.2, method="basic", iterations=30)
    hyper_parameters = {**trained.hparams, "_class_path": "deblur_lightning.modules.AdaptiveBasisModule"}
    content = {"state_dict": trained.state_dict(), "hyper_parameters": hyper_parameters, "optimizer_states": []}
    torch.save({**content, "pytorch-lightning_version": "2.6.6", "epoch": 0, "global_step": 0}, "trained.ckpt")
    module = run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", "trained.ckpt").model
    assert (module.gamma, module.method, module.iterations) == (1.0, "saturated", 2)
    assert len(module.network.kernel_up) == 3


def test_a_shape_that_is_not_the_configurations_is_said(folder, monkeypatch, capsys):
    import_weights(folder / "TwoHeads.pkl", folder / "imported.ckpt")
    run(monkeypatch, "validate", "--config", "small.yaml", "--ckpt_path", "imported.ckpt", "--model.num_basis", "3")
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lightning: ")]
    assert notes == [
        "lightning: kernel_size is 9 as in imported.ckpt; the configuration says 17.",
        "lightning: width is 8 as in imported.ckpt; the configuration says 16.",
    ]


def test_an_untrained_network_is_named_so_on_screen_and_kept_out_of_tables(folder, monkeypatch, capsys):
    shape = ("--model.kernel_size", "9", "--model.width", "8")
    run(monkeypatch, "test", "--config", "small.yaml", *shape)
    assert "lightning: There is no --ckpt_path, so an untrained network is used." in capsys.readouterr().err
    assert not (folder / "results/results.jsonl").exists()


def test_a_prediction_that_keeps_no_picture_says_how_to(folder, monkeypatch, capsys):
    import_weights(folder / "TwoHeads.pkl", folder / "imported.ckpt")
    predict = ("predict", "--config", "small.yaml", "--ckpt_path", "imported.ckpt")
    run(monkeypatch, *predict)
    assert "Restored pictures are not kept. To keep them: --trainer.callbacks+ SaveR" in capsys.readouterr().err
    run(monkeypatch, *predict, "--trainer.callbacks+", "SaveRestored", "--trainer.callbacks.folder", "restored")
    assert "not kept" not in capsys.readouterr().err
    assert len(list((folder / "restored").rglob("*.png"))) == 2


def test_imported_weights_begin_a_training(folder, monkeypatch):
    import_weights(folder / "TwoHeads.pkl", folder / "half.safetensors", half=True)
    still = ("--model.optimizer", "torch.optim.SGD", "--model.optimizer.lr", "0")
    done = run(monkeypatch, "fit", "--config", "small.yaml", "--ckpt_path", "half.safetensors", *still)
    assert done.trainer.global_step == 1
    weight = done.model.network.stem_rgb[0].weight
    assert torch.equal(weight, two_heads_weights(3, 9, 8)["inc_rgb.0.weight"].half().float())


PATHS = ("--model.path_width", "8", "--model.kernel_weight", "0", "--model.reblur_weight", "0")


def test_a_path_network_is_trained_beside_weights_that_have_none_and_leaves_them_alone(folder, monkeypatch):
    import_weights(folder / "TwoHeads.pkl", folder / "field.safetensors")
    done = run(monkeypatch, "fit", "--config", "small.yaml", "--ckpt_path", "field.safetensors", *PATHS)
    before = read_checkpoint(folder / "field.safetensors").weights
    for name, weight in done.model.network.state_dict().items():
        assert torch.equal(weight, before[f"network.{name}"])
    stepped = {id(weight) for weight in done.trainer.optimizers[0].state}
    assert stepped == {id(weight) for weight in done.model.path_network.parameters()}


def test_a_checkpoint_tells_whether_there_is_a_path_network(folder, monkeypatch, capsys):
    import_weights(folder / "TwoHeads.pkl", folder / "field.safetensors")
    assert (
        run(
            monkeypatch, "validate", "--config", "small.yaml", "--ckpt_path", "field.safetensors", *PATHS
        ).model.path_network
        is None
    )
    assert "path_width is 0 as in field.safetensors; the configuration says 8." in capsys.readouterr().err
    run(monkeypatch, "fit", "--config", "small.yaml", "--ckpt_path", "field.safetensors", *PATHS)
    (last,) = folder.glob("results/runs/*/checkpoints/last.ckpt")
    import_weights(last, folder / "both.safetensors")
    both = run(monkeypatch, "validate", "--config", "small.yaml", "--ckpt_path", "both.safetensors").model
    expected = torch.load(last, weights_only=True)["state_dict"]
    assert torch.equal(both.path_network.head[1].weight, expected["path_network.head.1.weight"])
    assert torch.equal(
        load_restorer(folder / "both.safetensors").module.path_network.head[1].weight, both.path_network.head[1].weight
    )


@pytest.mark.parametrize("imported", ["imported.ckpt", "imported.safetensors"])
def test_deblurgan_is_scored_without_a_critic_in_the_checkpoint(folder, monkeypatch, imported):
    weights = generator_weights("one", width=8)
    torch.save(weights, "latest_net_G.pth")
    import_weights(folder / "latest_net_G.pth", folder / imported)
    (folder / "small.yaml").write_text(CONFIG.replace("AdaptiveBasisModule", "DeblurGANModule").replace(
        "num_basis: 4, kernel_size: 17, width: 16, gamma: 1.0, method: saturated, iterations: 2", "blocks: 3"
    ))  # fmt: skip
    module = run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", imported).model
    assert torch.equal(module.generator.model[18].conv_block[1].weight, weights["model.18.conv_block.1.weight"])
    import_weights(folder / "TwoHeads.pkl", folder / "other.ckpt")
    with pytest.raises(
        ValueError, match=r"is a checkpoint of AdaptiveBasisModule, but the configuration's model is Deb"
    ):
        run(monkeypatch, "test", "--config", "small.yaml", "--ckpt_path", "other.ckpt")


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ({"state_dict": {"network.x": torch.zeros(1)}}, r"bad\.ckpt holds weights of another architecture"),
        ({"state_dict": {"x": torch.zeros(1)}}, r"bad\.ckpt holds the weights of another model"),
        ({"x": torch.zeros(1)}, r"bad\.ckpt holds weights without their module.* Import it first"),
        ({"state_dict": {}, "callbacks": print}, r"bad\.ckpt holds more than weights, and code in it is never run"),
        (3, r"bad\.ckpt is damaged, or no checkpoint"),
    ],
)
def test_other_files_stop_the_run_with_a_sentence(folder, monkeypatch, content, remedy):
    torch.save(content, "bad.ckpt")
    with pytest.raises(ValueError, match=remedy):
        run(monkeypatch, "fit", "--config", "small.yaml", "--ckpt_path", "bad.ckpt")
