import csv
import io

import pytest

from deblur_lightning.commands import main
from deblur_lightning.reports.gathering import gather_tables
from deblur_lightning.reports.left_out import count_shown, left_out, older_results
from deblur_lightning.reports.results import Result, append_result
from deblur_lightning.reports.tables import Layout, Score

LAYOUT = Layout("t", "T", (Score("GoPro", "psnr"), Score("Köhler", "psnr")))


def run(method, dataset, day, blur="", **metrics):
    return Result(method, dataset, metrics or {"psnr": 20.0}, blur, date=f"2020-01-0{day}T00:00:00+00:00")


def test_a_run_is_left_out_where_a_newer_one_of_its_method_set_and_blur_counts():
    newest, other_blur, other_set = run("a", "GoPro", 3), run("a", "GoPro", 1, "blur"), run("a", "Köhler", 1)
    older = [run("a", "GoPro", 1), run("a", "GoPro", 2)]
    assert older_results([older[0], newest, other_blur, older[1], other_set]) == older


def test_older_runs_are_named_with_their_number_and_last_date():
    results = [run("a", "GoPro", 1, "blur"), run("a", "GoPro", 2, "blur"), run("a", "GoPro", 3, "blur")]
    results += [run("b", "Köhler", 1), run("b", "Köhler", 2), run("c", "elsewhere", 1), run("c", "elsewhere", 2)]
    assert left_out(LAYOUT, results) == [
        "Older runs are left out, for the latest of a method counts; numbers.csv has them: "
        "a on GoPro blur (2 runs up to 2020-01-02T00:00:00+00:00), "
        "b on Köhler (2020-01-01T00:00:00+00:00)."
    ]


def test_metrics_without_a_column_are_named_whoever_has_them():
    results = [run("a", "GoPro", 1, psnr=20.0, odd_thing=1.0), run("b", "Köhler", 1, ssim=0.5)]
    assert left_out(LAYOUT, results) == [
        "Measured as well, but without a column here; numbers.csv has it: odd thing, SSIM."
    ]
    assert left_out(LAYOUT, [run("a", "GoPro", 1)]) == []
    (older,) = left_out(LAYOUT, [run("a", "GoPro", 1, psnr=20.0, odd_thing=1.0), run("a", "GoPro", 2)])
    assert "odd thing" not in older  # it is of a run that is left out


def test_every_stored_run_is_a_row_or_named_under_a_table(tmp_path, capsys):
    store = tmp_path / "results.jsonl"
    stored = [
        run("old and new", "GoPro", 1, "blur"), run("old and new", "GoPro", 2, "blur"), run("plain", "GoPro", 1),
        run("unusual", "Köhler", 1, sharpness=1.0), run("mine", "sample", 1, ssim=0.5), run("mine", "my set", 1),
        run("mine", "my set", 2),
    ]  # fmt: skip
    for result in stored:
        append_result(result, store)
    tables = gather_tables(store)
    for result in stored:
        there = [table for table in tables if any(row[0].text == result.method for row in table.rows)]
        if result in older_results(stored):
            assert any(result.date in note and result.method in note for table in there for note in table.notes)
        else:
            assert there, result
    with pytest.raises(SystemExit):
        main(["tables", "--store", str(store)])
    printed = " ".join(capsys.readouterr().out.split())
    assert "Stored evaluations: 7, of which the tables show 5. Left out, for a newer run of the same method" in printed
    assert "on the same set counts: 2. numbers.csv has all" in printed
    assert "mine (2020-01-01T00:00:00+00:00)" in printed
    assert "without a column here; numbers.csv has it: sharpness" in printed
    for page in ("tables.md", "tables/kohler.tex", "index.html"):
        assert "without a column here" in (tmp_path / page).read_text(encoding="utf-8")
    numbers = list(csv.DictReader(io.StringIO((tmp_path / "numbers.csv").read_text(encoding="utf-8"))))
    assert sum(row["source"] == "measured" for row in numbers) == 7


def test_a_store_without_repeated_runs_is_told_to_be_whole():
    assert count_shown([run("a", "GoPro", 1)]) == "Stored evaluations: 1, all of them in the tables."
