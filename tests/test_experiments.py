"""Every configuration in experiments/ is one that the command line understands, key by key."""

import sys
from pathlib import Path

import pytest
import yaml

from deblur_lightning import cli

ROOT = Path(__file__).parents[1]
FRAGMENTS = ("sweeps", "loggers")
CONFIGS = [
    path.relative_to(ROOT) for path in sorted(ROOT.glob("experiments/**/*.yaml")) if path.parts[-2] not in FRAGMENTS
    and "sweeps" not in path.parts
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_command_line_takes_it_whole(config, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", str(config), "--print_config"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)
    printed, written = yaml.safe_load(capsys.readouterr().out), yaml.safe_load(config.read_text())
    for part in ("model", "data"):
        assert printed[part]["class_path"].endswith(written[part]["class_path"])
        arguments = written[part].get("init_args", {})
        plain = {name: value for name, value in arguments.items() if isinstance(value, int | float | str)}
        assert {name: printed[part]["init_args"][name] for name in plain} == plain


def test_there_are_configurations_of_every_kind():
    assert {path.parts[1] for path in CONFIGS} == {"adaptive_basis", "deblurgan", "gopro", "kohler", "sample", "small"}
