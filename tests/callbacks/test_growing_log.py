import csv
from pathlib import Path

import pytest

from deblur_lightning.callbacks import GrowingLog


def write(folder, steps, **column):
    log = GrowingLog(folder, "runs", "one")
    for step in steps:
        log.log_metrics({name: factor * step for name, factor in column.items()}, step)
    log.finalize("success")


def read(folder):
    with (Path(folder) / "runs" / "one" / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def begun(tmp_path):
    write(tmp_path, range(5), loss=1)


def test_a_resumed_run_keeps_earlier_rows_and_makes_later_ones_anew(tmp_path):
    write(tmp_path, (3, 4, 5), loss=10)
    assert [float(row["loss"]) for row in read(tmp_path)] == [0, 1, 2, 30, 40, 50]


def test_a_first_row_of_other_figures_stands_beside_that_of_its_step(tmp_path):
    write(tmp_path, (4,), psnr=10)
    rows = read(tmp_path)
    assert [row["step"] for row in rows] == ["0", "1", "2", "3", "4", "4"]
    assert (rows[-1]["psnr"], rows[-1]["loss"], rows[-2]["loss"]) == ("40", "", "4")


def test_a_new_run_in_the_folder_replaces_all(tmp_path):
    write(tmp_path, (0, 1), loss=7)
    assert [row["loss"] for row in read(tmp_path)] == ["0", "7"]


def test_nothing_is_lost_where_nothing_is_added_or_a_run_dies_before_its_first_row(tmp_path):
    assert GrowingLog(tmp_path, "runs", "one").experiment is not None
    assert (tmp_path / "runs/one/metrics.earlier.csv").is_file()
    log = GrowingLog(tmp_path, "runs", "one")
    assert log.experiment is not None
    log.finalize("success")
    assert len(read(tmp_path)) == 5


@pytest.mark.parametrize("kept", [False, True])
def test_a_run_that_failed_leaves_no_empty_folder(tmp_path, kept):
    log = GrowingLog(tmp_path, "runs", "two")
    assert log.experiment is not None
    if kept:
        (tmp_path / "runs/two/config.yaml").write_text("a: 1")
    log.finalize("failed")
    assert (tmp_path / "runs/two").exists() == kept


def test_a_run_that_is_said_to_begin_anew_keeps_no_earlier_row(tmp_path):
    log = GrowingLog(tmp_path, "runs", "one")
    log.begin_anew()
    log.log_metrics({"loss": 1.0}, 9)
    log.finalize("success")
    assert [row["step"] for row in read(tmp_path)] == ["9"]


def test_a_run_that_begins_anew_and_fails_before_its_first_row_takes_none_away(tmp_path):
    log = GrowingLog(tmp_path, "runs", "one")
    log.begin_anew()
    assert log.experiment is not None
    log.finalize("failed")
    assert len(read(tmp_path)) == 5


@pytest.mark.parametrize("tail", ["9", "9.5,1", "9.5,12,0.", "\0\0\0\0", "9.5\0\0\0\n", "9.5,\0\0\n"])
def test_a_row_that_a_full_disk_cut_short_is_left_out_and_the_others_stay(tmp_path, tail):
    write(tmp_path, (5,), loss=1, epoch=1, train=1)  # sorted, step is not the first column
    with (tmp_path / "runs" / "one" / "metrics.csv").open("a") as log:
        log.write(tail)
    write(tmp_path, (6,), loss=1, epoch=1, train=1)
    assert [row["step"] for row in read(tmp_path)] == ["0", "1", "2", "3", "4", "5", "6"]
