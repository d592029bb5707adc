import csv
import io
import re
from pathlib import Path

import pytest

from deblur_lightning.reports.catalogue import CATALOGUE
from deblur_lightning.reports.published import Published, find_published, read_published
from deblur_lightning.reports.rendering import RENDERERS, to_long_csv
from deblur_lightning.reports.results import Result
from deblur_lightning.reports.tables import Layout, Score, build_table

GOLDEN = Path(__file__).parent / "golden"

DATE = "2020-01-01T00:00:00+00:00"
RESULTS = [
    Result("Ours & theirs", "GoPro", {"psnr": 21.004, "ssim": 0.5}, "blur", 4, 10.0, date=DATE),
    Result("Ours & theirs", "GoPro", {"psnr": 22.5}, "blur_gamma", 4, 10.0, date=DATE),
    Result("blurry", "GoPro", {"psnr": 21.001, "ssim": 0.25}, "blur", date=DATE),
]
PUBLISHED = [
    Published("Ours & theirs", "GoPro", "blur", "psnr", "20.5", "†", "Somebody 1999", "Table 3", ""),
    Published("Ours & theirs", "GoPro", "blur", "printed_ssim", "0.9", "", "Somebody 1999", "Table 3", ""),
    Published("Another", "GoPro", "", "psnr", "20.50", "‡", "Somebody 1999", "Table 3", ""),
    Published("Elsewhere", "GoPro", "", "psnr", "30.0", "", "Nobody", "Table 9", ""),
]
LAYOUT = Layout(
    "fake",
    "A 100% fake table",
    (Score("GoPro", "psnr"), Score("GoPro", "ssim"), Score("GoPro", "printed_ssim"), Score("GoPro", "seconds")),
    ("Somebody",),
    ("blurry", "Never run"),
)


@pytest.mark.parametrize("suffix", RENDERERS)
def test_tables_are_rendered_as_in_the_golden_files(suffix):
    text = RENDERERS[suffix](build_table(LAYOUT, RESULTS, PUBLISHED))
    assert text == (GOLDEN / f"fake.{suffix}").read_text(encoding="utf-8")


def test_a_bar_in_a_name_divides_no_cell():
    layout = Layout("fake", "Fake", (Score("mine", "psnr"), Score("mine", "odd|metric")))
    table = build_table(layout, [Result("a|b", "mine", {"psnr": 21.0, "odd|metric": 0.5})], [])
    rows = [line for line in RENDERERS["md"](table).splitlines() if line.startswith("|")]
    assert r"| a\|b " in rows[2]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4, 4, 4]


def _column(table, head):
    index = [column.head for column in table.columns].index(head)
    return {row[0].text: row[index] for row in table.rows}


def test_the_best_measured_value_is_bold_as_printed_and_never_a_published_one():
    table = build_table(LAYOUT, RESULTS, PUBLISHED)
    psnr = _column(table, "PSNR (dB) on blur, measured")
    assert psnr["Ours & theirs"] == ("21.00", True)
    assert psnr["blurry"] == ("21.00", True)  # a tie at the printed digits
    assert psnr["Never run"] == ("not run", False)
    published = [index for index, column in enumerate(table.columns) if column.kind == "published"]
    assert not any(row[index].bold for row in table.rows for index in published)


def test_seconds_a_picture_are_of_restoring_alone():
    results = [Result(name, "GoPro", {"psnr": 20.0}, "blur", 4, 10.0, restores=name == "a") for name in "ab"]
    seconds = _column(build_table(LAYOUT, results, []), "s / picture on blur, measured")
    assert (seconds["a"].text, seconds["b"].text) == ("2.50", "—")


def test_less_kernel_error_is_better():
    results = [Result(name, "sample", {"kernel_error": value}) for name, value in (("a", 0.5), ("b", 0.25))]
    table = build_table(Layout("s", "s", (Score("sample", "kernel_error"),)), results, [])
    assert [row[1].bold for row in table.rows] == [False, True]


def test_means_over_other_pictures_are_told_apart_and_none_is_best():
    results = [Result(name, "mine", {"psnr": 20.0 + n}, pictures=n) for name, n in (("a", 1), ("b", 4), ("c", 4))]
    layout = Layout("m", "m", (Score("mine", "psnr"),))
    table = build_table(layout, results, [])
    assert not any(row[1].bold for row in table.rows)
    note = "Means on mine are not of the same pictures, so no best one is bold: of 1 (a); 4 (b, c)."
    assert note in table.notes
    alike = build_table(layout, results[1:], [])
    assert all(row[1].bold for row in alike.rows)
    assert not any("same pictures" in one for one in alike.notes)


def test_a_difference_needs_the_same_blur_on_both_sides():
    table = build_table(LAYOUT, RESULTS, PUBLISHED)
    assert _column(table, "PSNR (dB) on blur, difference")["Ours & theirs"].text == "+0.50"
    assert "PSNR (dB) on blur_gamma, difference" not in [column.head for column in table.columns]


def test_ssim_is_never_compared_with_what_a_paper_printed_as_ssim():
    heads = [column.head for column in build_table(LAYOUT, RESULTS, PUBLISHED).columns]
    assert "SSIM as printed, published" in heads
    assert not any(head.startswith("SSIM") and head.endswith("difference") for head in heads)


def test_no_published_ssim_on_gopro_claims_to_be_one_of_ours():
    names = {one.metric for one in read_published() if one.dataset == "GoPro"}
    assert "printed_ssim" in names
    assert not names & {"ssim", "ssim_valid", "cw_ssim"}
    layout = next(layout for layout in CATALOGUE if layout.name == "deblurgan-table1")
    measured = [Result("DeblurGAN Comb", "GoPro", {"psnr": 25.0, "ssim": 0.7, "cw_ssim": 0.9}, "blur", 1111)]
    heads = [column.head for column in build_table(layout, measured, read_published()).columns]
    assert "CW-SSIM on blur, measured" in heads
    assert [head for head in heads if head.endswith("difference")] == ["PSNR (dB) on blur, difference"]


def test_a_dataset_that_was_not_run_is_named_with_its_command():
    table = build_table(LAYOUT, [], PUBLISHED, {"GoPro": "do this"})
    assert "GoPro was not run. Add it: `do this`" in table.notes
    assert {cell.text for cell in _column(table, "PSNR (dB) on blur, measured").values()} == {"not run"}


def test_papers_come_in_the_order_asked():
    twice = [PUBLISHED[3], Published("Elsewhere", "GoPro", "", "psnr", "31.0", "", "Somebody", "1", "")]
    assert find_published(twice, "Elsewhere", "GoPro", "psnr", ("Somebody", "Nobody")).value == "31.0"
    assert find_published(twice, "Elsewhere", "GoPro", "psnr").value == "30.0"
    assert find_published(twice, "Elsewhere", "GoPro", "ssim") is None


def test_every_number_is_in_the_long_list():
    rows = list(csv.DictReader(io.StringIO(to_long_csv(RESULTS, PUBLISHED))))
    assert len(rows) == 5 + 4
    assert {row["source"] for row in rows} == {"measured", "published"}
    assert rows[0]["metric"] == "psnr"
    assert rows[0]["value"] == "21.004"


def test_every_published_number_is_read_and_shown_in_some_table():
    published = read_published()
    shown = set()
    for layout in CATALOGUE:
        table = build_table(layout, [], published)
        shown |= {(row[0].text, cell.text) for row in table.rows for cell in row[1:]}
    papers = [paper for layout in CATALOGUE for paper in layout.papers]
    for one in published:
        assert any(one.paper.startswith(paper) for paper in papers), one
        if one.metric not in ("gflops", "seconds"):
            assert (one.method, one.printed) in shown, one


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method,value\n", r"has columns method, value, but method, dataset.*Write them in its first line"),
        ("m,GoPro\n", r"line 2: value is ''.*Correct it"),
        ("m,GoPro,,psnr,abc,,p,t,\n", r"line 2: value is 'abc'.*Correct it"),
        ("m,GoPro,,psnr,1.0,*,p,t,\n", r"line 2: mark is '\*'.*Correct it"),
    ],
)
def test_a_wrong_list_of_published_numbers_is_refused(tmp_path, text, message):
    head = "" if text.startswith("method") else "method,dataset,blur,metric,value,mark,paper,table,note\n"
    (tmp_path / "published.csv").write_text(head + text)
    with pytest.raises(ValueError, match=message):
        read_published(tmp_path / "published.csv")


def test_a_missing_list_of_published_numbers_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="Restore it from git"):
        read_published(tmp_path / "none.csv")
