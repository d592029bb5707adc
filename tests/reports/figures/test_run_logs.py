import pytest
import wandb

from deblur_lightning.reports.figures import read_curves

ROWS = [
    {"train/loss": 4.0, "epoch": 0},
    {"train/loss": 2.0, "epoch": 0},
    {"val/psnr": 20.5, "epoch": 0, "notes": "y" * 70_000},  # over three blocks of the file
    {"train/loss": 1.0, "epoch": 1},
    {"val/psnr": 21, "epoch": 1},
]
CURVES = {"train/loss": [(0, 3.0), (1, 1.0)], "val/psnr": [(0, 20.5), (1, 21.0)]}


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """Log a real run, without account and network."""
    folder = tmp_path_factory.mktemp("offline")
    run = wandb.init(mode="offline", dir=folder, project="curves", settings=wandb.Settings(silent=True, console="off"))
    for row in ROWS:
        run.log(row)
    run.finish()
    wandb.teardown()  # the file is whole once its writer has ended
    return next(folder.rglob("*.wandb"))


def test_an_offline_run_is_read_as_its_rows(offline):
    assert read_curves(offline) == CURVES
    assert read_curves(offline.parents[1]) == CURVES  # found in a folder


def test_the_rows_before_a_killed_runs_last_are_kept(offline, tmp_path):
    whole = offline.read_bytes()
    (tmp_path / "cut.wandb").write_bytes(whole[:50_000])
    assert read_curves(tmp_path / "cut.wandb") == {"train/loss": [(0, 3.0)]}


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.wandb").write_text("no log")
    with pytest.raises(ValueError, match=r"x\.wandb is no log of an offline run.*Pass the run's \.wandb file"):
        read_curves(tmp_path / "x.wandb")
