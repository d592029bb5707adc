"""A configuration from a stranger: it may name classes of ours and Lightning's, and run nothing else."""

import copy
import sys
from pathlib import Path

import pytest
import yaml

from deblur_lightning.lightning_cli import main as cli

CONFIG = {
    "trainer": {"accelerator": "cpu", "fast_dev_run": True, "enable_progress_bar": False},
    "model": {
        "class_path": "AdaptiveBasisModule",
        "init_args": {
            "deblurrer": {
                "class_path": "MotionDeblurrer",
                "init_args": {
                    "network": {
                        "class_path": "AdaptiveBasisNetwork",
                        "init_args": {"num_basis": 2, "kernel_size": 9, "width": 8},
                    },
                    "restorer": {"class_path": "RichardsonLucy", "init_args": {"iterations": 1}},
                },
            },
        },
    },
    "data": {"class_path": "SyntheticBlurDataModule", "init_args": {"crop_size": 40, "kernel_size": 9}},
}
HOSTILE = {
    "os.system": {"command": "touch ran"},
    "subprocess.getoutput": {"cmd": "touch ran"},
    "subprocess.Popen": {"args": "touch ran", "shell": True},
    "builtins.eval": {"source": "open('ran', 'w')"},
}
PLACES = [
    ("model",),
    ("data",),
    ("model", "init_args", "optimizer"),
    ("model", "init_args", "scheduler"),
    ("model", "init_args", "deblurrer"),
    ("model", "init_args", "deblurrer", "init_args", "network"),
    ("model", "init_args", "deblurrer", "init_args", "exposure"),
    ("model", "init_args", "losses"),
    ("data", "init_args", "sources", 0),
    ("trainer", "logger"),
    ("trainer", "callbacks", 0),
    ("trainer", "plugins", 0),
    ("trainer", "strategy"),
    ("trainer", "profiler"),
]


@pytest.fixture
def fit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(text):
        Path("config.yaml").write_text(text)
        monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", "config.yaml"])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not Path("ran").exists()
        return stop.value.code

    return run


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
@pytest.mark.parametrize("path", HOSTILE)
def test_no_place_of_a_configuration_runs_what_it_names(fit, capsys, path, place):
    config = copy.deepcopy(CONFIG)
    hostile = {"class_path": path, "init_args": HOSTILE[path]}
    *outer, key = place if place[-1] != 0 else place[:-1]
    inner = config
    for part in outer:
        inner = inner[part]
    inner[key] = [hostile] if place[-1] == 0 else hostile
    code = fit(yaml.safe_dump(config))
    told = code if isinstance(code, str) else capsys.readouterr().err
    assert path in told


def test_functions_that_build_optimisers_are_refused_by_name(fit):
    for argument in ("optimizer", "scheduler"):
        config = copy.deepcopy(CONFIG)
        config["model"]["init_args"][argument] = {"class_path": "os.system", "init_args": HOSTILE["os.system"]}
        told = fit(yaml.safe_dump(config))
        assert f"model.init_args.{argument} is os.system, which is no class" in told
        assert "Name a class." in told


def test_yaml_tags_build_nothing(fit, capsys):
    assert fit("model: !!python/object/apply:os.system ['touch ran']\n") == 2
    assert "could not determine a constructor" in capsys.readouterr().err
