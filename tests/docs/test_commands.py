"""Every command in the documentation works: run in order, or parsed where it takes a download or hours."""

import os
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from small_models import write_small_checkpoint
from wandb.cli.cli import cli as wandb_commands

import deblur_lightning.data
from deblur_lightning.commands import main as deblur
from deblur_lightning.commands._main import front
from deblur_lightning.data import SampleBlur
from deblur_lightning.deblurring import bundled
from deblur_lightning.lightning_cli import main as cli

sys.path.insert(0, str(Path(__file__).parent))
from fences import blocks, commands

ROOT = Path(__file__).parents[2]
PAGES = {  # each with what its commands leave behind
    "README.md": (),
    "docs/index.md": (),
    "docs/data.md": ("data/GOPRO_sample/train", "data/synthetic/fields", "data/films/train/clip/manifest.csv"),
    "docs/tutorials/photographer.md": (
        "restored/photo.jpg", "restored/beach/3.jpg", "restored/clip.mp4", "holiday/1_sharp.jpg", "direct.onnx",
        "fields/photo_field.png", "compared.png", "page/index.html",
    ),
    "docs/tutorials/trainer.md": (
        "results/runs/version_0/checkpoints/best.ckpt", "results/curves.png", "results/restored",
        "results/runs/residual/checkpoints/best.ckpt",
    ),
    "docs/tutorials/benchmarker.md": (
        "results/results.jsonl", "results/tables.md", "results/kohler.csv", "restored/mine/Blurry1_1.png",
        "results/index.html", "restored/theirs/coffee_00/000001.png", "theirs.md", "compared.csv",
        "results/tables/own-gopro_sample.md",
    ),
}  # fmt: skip
QUICK = {  # what keeps a real command short; the block says `quick`
    ("lightning", "fit"): "--trainer.max_epochs 1 --trainer.limit_train_batches 1 --trainer.limit_val_batches 1 "
    "--trainer.check_val_every_n_epoch 1 --trainer.log_every_n_steps 1 --trainer.precision 32-true "
    "--data.init_args.crop_size 40 --data.init_args.batch_size 1 --data.init_args.num_workers 0",
    ("lightning", "validate"): "--trainer.limit_val_batches 1 --data.init_args.crop_size 40",
    ("lightning", "test"): "--trainer.limit_test_batches 1 --trainer.precision 32-true --data.init_args.num_workers 0",
    ("lightning", "predict"): "--trainer.limit_predict_batches 1 --data.init_args.crop_size 40",
    ("deblur", "sample-gopro"): "--frames 2 --size 96 64",
    ("deblur", "synthesize"): "--count 6 --size 40",
}
SILENT = ("--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false")
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty.*"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed.*"),
]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder as a reader has it: the experiments, photos, and a model that is small and untrained."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # PYTHONPATH=.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # python, for --command
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    random = np.random.default_rng(0)
    (tmp_path / "holiday" / "beach").mkdir(parents=True)
    for name in ("photo", "sharp", "holiday/1", "holiday/2", "holiday/beach/3", "holiday/beach/4"):
        Image.fromarray(random.integers(0, 256, (72, 96, 3), np.uint8)).save(tmp_path / f"{name}.jpg")
    with av.open(str(tmp_path / "clip.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=240)
        stream.height, stream.width = 48, 64
        for frame in random.integers(0, 256, (30, 48, 64, 3), np.uint8):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode(None))
    model = tmp_path / "model.ckpt"
    write_small_checkpoint(model)
    monkeypatch.setattr(bundled, "SHIPPED", str(model))
    monkeypatch.setattr(deblur_lightning.data, "SampleBlur", partial(SampleBlur, crop_size=72, per_photo=1))
    return tmp_path


def ends_well(main, name, arguments):
    """Call an entry point as its console script does."""
    status = None
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", [name, *arguments])
            main()
    except SystemExit as end:
        status = end.code
    assert not status, f"{name} {' '.join(arguments)}: {status}"


def run(words, options):
    """Run a command here and now."""
    command = tuple(words[:2])
    extra = QUICK.get(command, "").split() if "quick" in options else []
    if extra and command == ("lightning", "fit") and any("experiments/" in word for word in words):
        part = "generator" if any("deblurgan" in word for word in words) else "network"
        extra += [f"--model.init_args.deblurrer.init_args.{part}.init_args.width", "8"]
    if "more" in options:
        extra = [
            "2" if before == "--trainer.max_epochs" else word for before, word in zip(["", *extra], extra, strict=False)
        ]
    if command[0] == "deblur":
        ends_well(deblur, "deblur", [*words[1:], *extra])
    elif command[0] == "lightning":
        ends_well(cli.main, "lightning", [*words[1:], *SILENT, *extra])
    elif command[0] == "python":
        subprocess.run([sys.executable, *words[1:]], check=True)
    else:
        pytest.fail(f"{words[0]} cannot be run in a test; mark its block: <!-- test: parse -->")


def parse(words):
    """Check that a command and its options exist, without doing what it says."""
    match words:
        case ["deblur", *rest]:
            with front().make_context("deblur", rest) as context:
                name, command, options = front().resolve_command(context, [*context._protected_args, *context.args])
                command.make_context(name, options, parent=context)
        case ["lightning", *rest]:
            asked = {"--help", "--model.help", "--print_config"} & set(rest)
            ends_well(cli.main, "lightning", rest if asked else [*without_checkpoint(rest), "--print_config"])
        case ["make", target]:
            done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
            assert done.returncode == 0, done.stderr
        case ["wandb", command, *_]:
            assert command in wandb_commands.commands
        case _:
            assert words == [".", ".venv/bin/activate"]


def without_checkpoint(arguments):
    """Leave out ``--ckpt_path FILE``, which is needed first."""
    place = arguments.index("--ckpt_path") if "--ckpt_path" in arguments else len(arguments)
    return arguments[:place] + arguments[place + 2 :]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_pages_commands_work_in_the_order_they_are_read(page, desk):
    for number, (language, (what, *options), text) in enumerate(blocks(ROOT / page)):
        if what == "file":
            (desk / options[0]).write_text(text)
        elif language == "python":
            source = desk / f"block_{number}.py"
            source.write_text(text)
            runpy.run_path(str(source))
        elif language == "sh":
            for words in commands(text):
                run(words, options) if what == "run" else parse(words)
        else:
            pytest.fail(f"{page} has a block in {language} that no test knows. Mark it with a comment.")
    assert [path for path in PAGES[page] if not (desk / path).exists()] == []


def test_what_is_marked_as_parsed_alone_is_what_a_test_cannot_run():
    for page in PAGES:
        for language, (what, *_), _ in blocks(ROOT / page):
            assert what in ("run", "parse", "file", "python")
            assert language in ("sh", "python", "yaml")
