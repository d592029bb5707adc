"""`deblur curves` draws a log, or says which is missing."""

from pathlib import Path

import pytest

from deblur_lightning.commands import main
from deblur_lightning.commands.curves import name_runs


@pytest.fixture
def log(tmp_path):
    log = tmp_path / "run" / "metrics.csv"
    log.parent.mkdir()
    log.write_text("epoch,step,train/loss,val/psnr\n0,1,2.0,\n0,1,,20.5\n1,2,1.0,\n1,2,,21.5\n")
    return log


def test_a_log_becomes_a_picture(log, tmp_path):
    with pytest.raises(SystemExit) as ended:
        main(["curves", str(log), "-o", str(tmp_path / "out" / "curves.png")])
    assert not ended.value.code
    assert (tmp_path / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "kept"), [("p", "p.png"), ("p", "p.pdf"), ("p.svg", "p.svg")])
def test_curves_replace_curves_and_no_other_file(name, kept, log, tmp_path):
    place = tmp_path / kept
    place.write_bytes(b"somebody's")
    with pytest.raises(SystemExit, match=f"{kept} is there and was not made by deblur, so it is kept"):
        main(["curves", str(log), "-o", str(tmp_path / name)])
    assert place.read_bytes() == b"somebody's"
    place.unlink()
    drawn = []
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main(["curves", str(log), "-o", str(tmp_path / name)])
        assert not ended.value.code
        drawn.append(place.read_bytes())
    assert drawn[0] == drawn[1]


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"absent.*is missing.*Train with CSVLogger"):
        main(["curves", str(tmp_path / "absent.csv"), "-o", str(tmp_path / "curves.png")])
    assert not (tmp_path / "curves.png").exists()


def test_runs_are_named_by_as_much_of_their_path_as_tells_them_apart(tmp_path):
    runs = [str(tmp_path / folder) for folder in ("a/version_0", "b/version_0", "c/other")]
    for run in runs:
        Path(run).mkdir(parents=True)
    Path(runs[2], "metrics.csv").touch()
    assert list(name_runs([*runs[:2], f"{runs[2]}/metrics.csv"])) == ["a/version_0", "b/version_0", "other"]
    assert name_runs([f"mine={runs[0]}"]) == {"mine": Path(runs[0])}


def test_two_runs_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"a names two runs.*Rename one"):
        name_runs(["a=x", "a=y"])


def test_a_name_that_is_given_is_not_taken_by_a_folder():
    with pytest.raises(
        ValueError, match=r"a names two runs, x/metrics\.csv and runs/a\. Name the other too: NAME=runs/a"
    ):
        name_runs(["a=x/metrics.csv", "runs/a"])


@pytest.mark.parametrize("again", ["runs/a", "runs/a/metrics.csv", "runs/b/../a"])
def test_a_run_is_drawn_once(again):
    with pytest.raises(ValueError, match=r"runs/a and \S+ lie in one folder, /.*runs/a\. Leave one out, or name it"):
        name_runs(["runs/a", again])
    assert list(name_runs(["runs/a", f"again={again}"])) == ["again", "a"]
