"""`lightning` as people type it: a small round trip of fit, resume, test and predict, and its refusals."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_models import small_config

from deblur_lightning.lightning_cli import main as cli

SAMPLE = Path(__file__).parents[2] / "experiments" / "sample" / "adaptive_basis.yaml"
TINY = small_config(
    model={"losses": {"cross_entropy": 0.05, "l1_from_epoch": 1}}, data={"samples": {"train": 4, "val": 2, "test": 2}}
)
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*logging interval.*"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty.*"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed.*"),
]


@pytest.fixture
def main(monkeypatch):
    def run(arguments):
        monkeypatch.setattr(sys, "argv", ["lightning", *arguments])
        cli.main()

    return run


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "tiny.yaml"
    config.write_text(TINY)
    return config


@pytest.mark.slow
def test_fit_resume_test_and_predict(main, tiny, tmp_path):
    run = tmp_path / "results" / "runs" / "version_0"
    main(["fit", "--config", str(tiny)])
    log = (run / "metrics.csv").read_text()
    assert all(column in log for column in ("train/kernel_loss", "train/reblur_loss", "val/kernel_error", "val/psnr"))
    means = [row["train/loss_epoch"] for row in csv.DictReader(log.splitlines()) if row["train/loss_epoch"]]
    assert len(means) == 1
    assert float(means[0]) > 0  # also of an epoch with fewer steps than are logged one by one
    last = run / "checkpoints" / "last.ckpt"
    first = torch.load(last, weights_only=True)
    assert first["epoch"] == 0

    main(["fit", "--config", str(tiny), "--ckpt_path", str(last.relative_to(tmp_path)), "--trainer.max_epochs", "2"])
    assert len((run / "metrics.csv").read_text().splitlines()) > len(log.splitlines())
    resumed = torch.load(last, weights_only=True)
    assert resumed["epoch"] == 1
    assert resumed["global_step"] == 2 * first["global_step"]

    main(["test", "--config", str(tiny), "--ckpt_path", str(last)])
    assert '"method": "Adaptive"' in (tmp_path / "results" / "results.jsonl").read_text()
    main(["predict", "--config", str(tiny), "--ckpt_path", str(last), "--data", "SampleBlurDataModule",
          "--data.kernel_size", "9", "--data.crop_size", "48", "--data.per_photo", "1",
          "--trainer.callbacks+", "SaveRestored", "--trainer.callbacks.folder", "restored"])  # fmt: skip
    assert list((tmp_path / "restored").rglob("*.png"))
    main(["validate", "--config", str(tiny), "--ckpt_path", str(last)])
    assert [path.name for path in run.parent.iterdir()] == ["version_0"]


@pytest.mark.slow
def test_a_training_needs_no_logger(main, tiny, tmp_path):
    main(["fit", "--config", str(tiny), "--trainer.logger", "false"])
    assert not list(tmp_path.rglob("metrics.csv"))


@pytest.mark.parametrize("text", ["- a\n- b\n", ""])
def test_a_configuration_that_maps_nothing_is_told(main, tmp_path, capsys, text):
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(SystemExit):
        main(["fit", "--config", str(tmp_path / "odd.yaml")])
    said = capsys.readouterr().err
    assert "a --config file maps options to values, as in trainer: {max_epochs: 2}. Check the file." in said
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_an_uninterrupted_and_a_resumed_run_end_in_the_same_weights(main, tiny, tmp_path):
    main(["fit", "--config", str(tiny), "--trainer.max_epochs", "2"])
    main(["fit", "--config", str(tiny)])
    half = tmp_path / "results/runs/version_1/checkpoints/last.ckpt"
    main(["fit", "--config", str(tiny), "--ckpt_path", str(half), "--trainer.max_epochs", "2"])
    whole, resumed = (
        torch.load(tmp_path / f"results/runs/version_{version}/checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for version in (0, 1)
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.slow
def test_a_checkpoint_without_its_recipe_is_one_sentence(main, tiny, tmp_path):
    main(["fit", "--config", str(tiny), "--trainer.limit_val_batches", "1"])
    last = tmp_path / "results/runs/version_0/checkpoints/last.ckpt"
    content = torch.load(last, weights_only=True)
    del content["hyper_parameters"]
    torch.save(content, tmp_path / "bare.ckpt")
    with pytest.raises(SystemExit, match=r"bare\.ckpt holds the weights of another model, or of an earlier version"):
        main(["test", "--config", str(tiny), "--ckpt_path", "bare.ckpt"])


@pytest.mark.slow
def test_the_sample_experiment_runs(main, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(["fit", "--config", str(SAMPLE), "--trainer.fast_dev_run", "1", "--data.batch_size", "2",
          "--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false"])  # fmt: skip
    assert not (tmp_path / "results" / "results.jsonl").exists()


def test_help_and_mistakes_are_answered_without_lightning():
    code = (
        "import sys\nfrom deblur_lightning.lightning_cli.main import main\n"
        "try: main()\nfinally: assert 'torch' not in sys.modules"
    )
    for arguments, status in ((["--help"], 0), (["fti"], 2), (["fit", "--config", "absent.yaml"], 2)):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert "AssertionError" not in done.stderr
    assert "absent.yaml does not exist" in done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("    num_wrokers: 1\n", "data: SyntheticBlurDataModule: Option 'num_wrokers' is not accepted. "
         "Did you mean num_workers?"),
        ("    gamma: 1.0\n", "data: SyntheticBlurDataModule: Option 'gamma' is not accepted. "
         "Did you mean sensor.gamma?"),
        ("optimiser: 1\n", "Subcommand 'fit' does not accept option 'optimiser'. See `lightning fit --help`."),
    ],
)  # fmt: skip
def test_an_unknown_key_is_one_line_with_a_remedy(main, tiny, capsys, line, said):
    tiny.write_text(TINY + line)
    with pytest.raises(SystemExit) as ended:
        main(["fit", "--config", str(tiny)])
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"lightning: {said}\n"


def test_a_mistyped_option_is_one_line_with_a_remedy(main, tiny, capsys):
    with pytest.raises(SystemExit):
        main(["fit", "--confg", str(tiny)])
    assert capsys.readouterr().err == f"lightning: unrecognized arguments: --confg {tiny}. Did you mean --config?\n"


@pytest.mark.parametrize("text", ["a: [1", "a: \x01", "[" * 10_000])
def test_broken_yaml_is_named(main, tiny, capsys, text):
    tiny.write_text(text)
    with pytest.raises(SystemExit):
        main(["fit", "--config", str(tiny)])
    assert str(tiny) in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("typed", ["validate", "--version"])  # the latter is printed by argparse, which ends it all
def test_a_full_disk_behind_standard_output_is_told(typed, main, monkeypatch):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(cli, "run", lambda _: (full.write("psnr 30"), full.flush()))
        with pytest.raises(SystemExit, match="lightning: standard output: No space left on device"):
            main([typed])


def test_a_reader_that_went_away_is_no_mistake():
    read, write = os.pipe()
    os.close(read)
    own = "import sys; from deblur_lightning.lightning_cli.main import main; sys.argv[0] = 'lightning'; main()"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with os.fdopen(write) as pipe:
        ended = subprocess.run(
            [sys.executable, "-c", own, "--version"], stdout=pipe, stderr=subprocess.PIPE, env=buffered, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, b"")
