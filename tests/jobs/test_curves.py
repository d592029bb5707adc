from pathlib import Path

import pytest

from deblur_lightning.jobs.curves import name_runs


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
