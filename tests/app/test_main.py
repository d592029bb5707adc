import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import deblur_lightning
from deblur_lightning.app import main

ROOT = Path(deblur_lightning.__file__).parent.parent
HEAVY = ("torch", "pytorch_lightning", "matplotlib", "kornia", "albumentations", "cv2", "skimage", "wandb")


def run(*arguments, **options):
    code = "from deblur_lightning.app import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=environment, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["restore", "--help"],
        ["kernels", "--help"],
        ["--version"],
        ["restor", "x.jpg"],
        ["restore", "x.jpg"],
        ["restore", "no-such-photo.jpg", "-o", "out", "--checkpoint", __file__],
        ["restore", "x.jpg", "-o", "out", "--checkpoint", "no-such.ckpt"],
        ["restore", "x.jpg", "-o", "out", "--iterations", "many"],
    ],
)
def test_help_and_wrong_arguments_import_nothing_heavy(arguments, tmp_path):
    code = (
        "import sys\n"
        "from deblur_lightning.app import main\n"
        "try:\n    main()\n"
        f"finally:\n    loaded = [name for name in {HEAVY} if name in sys.modules]\n"
        "    print('LOADED', loaded)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert "LOADED []" in done.stdout
    assert "Traceback" not in done.stderr


def test_version_is_printed():
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("deblur-lightning ")


@pytest.mark.parametrize(
    ("arguments", "status", "remedy"),
    [
        ([], 2, "required: COMMAND"),
        (["restor", "a.jpg"], 2, "'restor' is no command. Did you mean `deblur restore`?"),
        (["xyzzy"], 2, "There are: "),
        (["restore", "a.jpg"], 2, "required: -o/--output"),
        (["restore", "a.jpg", "-o", "x", "--strength", "1.5"], 2, "'1.5' is no number from 0 to 1"),
        (["restore", "a.jpg", "-o", "x", "--strength", "nan"], 2, "'nan' is no number from 0 to 1"),
        (["restore", "a.jpg", "-o", "x", "--iterations", "0"], 2, "'0' is no whole number from 1"),
        (["restore", "a.jpg", "-o", "x", "--gamma", "-1"], 2, "'-1' is no number above 0"),
        (["restore", "a.jpg", "-o", "x", "--checkpoint", "no.ckpt"], 1, "no.ckpt is no file"),
        (["kernels", "a.jpg", "-o", "x", "--checkpoint", __file__], 1, "a.jpg does not exist"),
        (["restore", "a.jpg", "-o", "x", "--checkpoint", __file__], 1, "failed: a.jpg does not exist"),
    ],
)
def test_wrong_arguments_are_one_sentence_and_a_status(arguments, status, remedy, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr().err
    if isinstance(stopped.value.code, str):  # sys.exit prints it, with status 1
        said, code = stopped.value.code, 1
    else:
        code = stopped.value.code
    assert code == status
    assert remedy in said


def test_every_subcommand_has_a_summary_and_an_importable_file():
    from deblur_lightning.app.main import subcommands

    assert {"restore", "kernels"} <= set(subcommands())
    for name in subcommands():
        assert importlib.util.find_spec(f"deblur_lightning.app.{name.replace('-', '_')}")
