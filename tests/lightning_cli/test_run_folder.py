"""Where runs write to."""

import csv
from pathlib import Path

import pytest
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelSummary

from deblur_lightning.callbacks import GrowingLog, NetworkSummary
from deblur_lightning.lightning_cli.run_folder import run_of, settle_log, sum_up_networks


@pytest.fixture
def last(tmp_path):
    path = tmp_path / "elsewhere" / "mine" / "checkpoints" / "last.ckpt"
    path.parent.mkdir(parents=True)
    path.touch()
    (path.parents[1] / "metrics.csv").touch()
    return path


def trainer(folder, version=None, **arguments):
    log = GrowingLog(folder / "results", "runs", version)
    return Trainer(accelerator="cpu", logger=log, enable_progress_bar=False, **arguments)


def test_only_a_run_s_own_last_checkpoint_tells_its_folder(last, tmp_path, monkeypatch):
    assert run_of(last) == last.parents[1]
    assert run_of(last.with_name("best.ckpt")) is None
    assert run_of(tmp_path / "last.ckpt") is None
    (last.parents[1] / "metrics.csv").unlink()
    assert run_of(last) is None
    monkeypatch.chdir(last.parents[1])
    Path("config.yaml").touch()
    assert run_of(Path("checkpoints/last.ckpt")) is not None


def test_a_resumed_training_goes_on_in_its_folder_unless_told_another(last, tmp_path):
    own, told, new = trainer(tmp_path), trainer(tmp_path, "told"), trainer(tmp_path)
    for one in (own, told):
        settle_log(one, trains=True, checkpoint=last)
    settle_log(new, trains=True, checkpoint=None)
    assert Path(own.log_dir) == last.parents[1]
    assert Path(told.log_dir) == tmp_path / "results" / "runs" / "told"
    assert Path(new.log_dir) == tmp_path / "results" / "runs" / "version_0"


@pytest.mark.parametrize("version", [None, "told"])
def test_what_trains_nothing_makes_no_folder_unless_told_one(version, last, tmp_path):
    scores = trainer(tmp_path, version)
    settle_log(scores, trains=False, checkpoint=last)
    assert scores.logger.experiment is not None  # which the trainer asks for first
    scores.logger.log_hyperparams({"a": 1})
    scores.logger.log_metrics({"test/psnr": 30.0}, 0)
    scores.logger.save()
    scores.logger.finalize("success")
    assert (tmp_path / "results").exists() == (version is not None)
    assert list(last.parents[1].iterdir()) == [last.parent, last.parents[1] / "metrics.csv"] or version is None
    assert (last.parents[1] / "metrics.csv").read_text() == ""


def test_the_summary_is_ours_unless_another_or_none_was_asked_for(tmp_path):
    def summaries(told, **arguments):
        one = trainer(tmp_path, callbacks=told, **arguments)
        sum_up_networks(one, told)
        return [type(callback) for callback in one.callbacks if isinstance(callback, ModelSummary | NetworkSummary)]

    assert summaries([]) == [NetworkSummary]
    assert summaries([ModelSummary(3)]) == [ModelSummary]
    assert summaries([], enable_model_summary=False) == []


def test_the_bare_name_of_a_checkpoint_tells_its_folder_too(last, monkeypatch):
    monkeypatch.chdir(last.parent)
    assert run_of(Path("last.ckpt")) == last.parents[1]


@pytest.mark.parametrize(("there", "rows"), [(True, 2), (False, 1)])
def test_rows_of_before_stay_only_where_the_last_checkpoint_is_there_to_go_on_from(tmp_path, there, rows):
    first = trainer(tmp_path, "told")
    first.logger.log_metrics({"loss": 1.0}, 0)
    checkpoints = Path(first.log_dir) / "checkpoints"
    if there:
        checkpoints.mkdir()
        (checkpoints / "last.ckpt").touch()
    again = trainer(tmp_path, "told")
    settle_log(again, trains=True, checkpoint=None, goes_on=True)  # as by --ckpt_path last
    again.logger.log_metrics({"loss": 2.0}, 1)
    again.logger.finalize("success")
    with (Path(first.log_dir) / "metrics.csv").open() as file:
        assert len(list(csv.DictReader(file))) == rows
