import csv
import json
import re
import shutil

import pytest

from deblur_lightning.commands import main
from deblur_lightning.reports.results import Result, append_result

PSNRS = {"old": (20.0, 22.0, 24.0), "new": (21.0, 23.5, 23.5)}


@pytest.fixture
def store(tmp_path):
    store = tmp_path / "results.jsonl"
    for method, psnrs in PSNRS.items():
        rows = [
            {"name": f"scene/{number}", "psnr": psnr, "regions": 3, "field_error": 1 / psnr}
            for number, psnr in enumerate(psnrs)
        ]
        mean = {"psnr": sum(psnrs) / 3}
        append_result(Result(method, "holiday", mean, date="2020-01-02"), store, rows)
        append_result(Result(method, "elsewhere", mean), store, rows[:2])
    return store


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["compare-runs", *map(str, arguments)])
    return end.value.code


def test_two_methods_are_compared_on_a_set_they_have_in_common(store, tmp_path, capsys):
    files = [tmp_path / f"out.{suffix}" for suffix in ("csv", "md", "json")]
    outputs = [word for file in files for word in ("-o", file)]
    assert not run("old", "new", "--dataset", "holiday", "--store", store, *outputs)
    printed = capsys.readouterr().out
    assert "B, new, minus A, old, on holiday" in printed
    assert "regions" not in printed  # neither more nor less is better
    cells = next(line for line in printed.splitlines() if line.startswith("PSNR")).split()
    assert cells[2:6] == ["3", "22.00", "22.67", "+0.667"]
    assert cells[-4:] == ["2", "1", "0", "0.5"]  # of 8 equally likely signs, 4 are as extreme
    rows = list(csv.DictReader(files[0].read_text().splitlines()))
    assert [row["metric"] for row in rows] == ["psnr", "field_error"]
    assert (rows[1]["wins"], rows[1]["losses"]) == ("2", "1")  # less error wins
    assert files[1].read_text().startswith("## B, new, minus A, old")
    assert json.loads(files[2].read_text())["metrics"][0]["difference"] == pytest.approx(2 / 3)


def test_an_older_run_is_named_by_its_file(store, tmp_path, capsys):
    (older,) = (tmp_path / "pictures").glob("holiday-old*")
    assert not run(older, "new", "--dataset", "holiday", "--metric", "psnr", "--store", store)
    assert "22.67" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["old", "new"], "in common: holiday; elsewhere. Name one by --dataset"),
        (["old", "newest"], "newest is no file and no method in .*Choose one of these: old, new"),
        (["old", "new", "--dataset", "nowhere"], "in common: holiday; elsewhere"),
        (["old", "new", "--dataset", "holiday", "--metric", "ssim"], "both runs have psnr, regions, field_error"),
        (["old", "new", "-o", "a.txt"], "a.txt, but .csv, .md, .json are written"),
    ],
)
def test_what_cannot_be_compared_is_said(store, arguments, said):
    code = str(run(*arguments, "--store", store))
    assert said.split(".*")[0] in code
    assert said.split(".*")[-1] in code


def test_a_table_saved_by_excel_is_read(store, tmp_path):
    (older,) = (tmp_path / "pictures").glob("holiday-old*")
    older.write_text(older.read_text(), encoding="utf-8-sig")
    assert not run("old", "new", "--dataset", "holiday", "--store", store)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("title,psnr\nscene/0,20\n", "holiday-old.*csv has no column name, but pictures are told by it"),
        ("", "old has no scores of single pictures"),
        ("name,psnr\nscene/0,a\nscene/1,1\nscene/2,2\n", "psnr of scene/0 is a, but scores are numbers. Correct it."),
    ],
)
def test_a_damaged_table_of_a_stored_run_is_named(store, tmp_path, content, said):
    (older,) = (tmp_path / "pictures").glob("holiday-old*")
    older.write_text(content)
    assert re.search(said, run("old", "new", "--dataset", "holiday", "--store", store))


def test_a_store_without_results_is_said_to_have_none(tmp_path):
    (tmp_path / "none.jsonl").touch()
    said = str(run("old", "new", "--store", tmp_path / "none.jsonl"))
    assert "none.jsonl holds no result yet. Pass another --store, or score: deblur benchmark." in said


def test_runs_on_other_pictures_are_refused(store, tmp_path):
    (part,) = (tmp_path / "pictures").glob("elsewhere-new*")
    kept = shutil.copy(part, tmp_path / "kept.csv")  # what it is of is known no more
    said = str(run("old", kept, "--dataset", "holiday", "--store", store))
    assert "old has scene/2, but " in said
    assert "Score both on the same set." in said


@pytest.mark.parametrize("others", ["new", "pictures/holiday-new*.csv"])
def test_files_are_compared_on_the_set_that_they_are_of(store, tmp_path, others):
    luma = [{"name": f"scene/{number}", "psnr": psnr} for number, psnr in enumerate(PSNRS["old"])]
    result = append_result(Result("old", "holiday, luma", {"psnr": 22.0}), store, luma)
    second = next((str(path) for path in tmp_path.glob(others)), others)
    said = str(run(tmp_path / result.rows, second, "--store", store))
    assert "were scored on these sets in common: none. Score both on the same set." in said


def test_two_files_of_a_set_tell_it(store, tmp_path, capsys):
    (older,), (newer,) = ((tmp_path / "pictures").glob(f"holiday-{name}*") for name in ("old", "new"))
    assert not run(older, newer, "--store", store)
    assert "on holiday" in capsys.readouterr().out
