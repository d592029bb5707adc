import pytest
import wandb
from wandb.proto.wandb_internal_pb2 import Record

from deblur_lightning.reports.figures import read_curves
from deblur_lightning.reports.figures.run_logs import HEAD, START

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


@pytest.mark.parametrize(
    ("length", "said"),
    [(0, "is no log of an offline run"), (3, "is no log"), (7, "holds no row"), (300, "holds no row")],
)
def test_a_log_cut_before_its_first_row_is_named(offline, tmp_path, length, said):
    (tmp_path / "cut.wandb").write_bytes(offline.read_bytes()[:length])
    with pytest.raises(ValueError, match=rf"cut\.wandb {said}"):
        read_curves(tmp_path / "cut.wandb")


@pytest.mark.parametrize("text", ["", "{", "[" * 60_000])
def test_a_log_with_a_damaged_value_is_named(offline, tmp_path, text):
    record = Record()
    record.history.item.add(key="train/loss", value_json=text)
    message = record.SerializeToString()
    start = offline.read_bytes()[: START.size]
    (tmp_path / "odd.wandb").write_bytes(start + HEAD.pack(0, len(message), 1) + message)
    with pytest.raises(ValueError, match=r"odd\.wandb is damaged .* Pass the log of another run"):
        read_curves(tmp_path / "odd.wandb")


def test_another_file_is_refused(tmp_path):
    (tmp_path / "x.wandb").write_text("no log")
    with pytest.raises(ValueError, match=r"x\.wandb is no log of an offline run.*Pass the run's \.wandb file"):
        read_curves(tmp_path / "x.wandb")
