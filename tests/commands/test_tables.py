import pytest

from deblur_lightning.commands import main
from deblur_lightning.reports.catalogue import CATALOGUE
from deblur_lightning.reports.gathering import own_layouts
from deblur_lightning.reports.results import Result, append_result


def test_deblur_tables_writes_every_table_in_every_format(tmp_path, capsys):
    append_result(Result("blurry", "Köhler", {"psnr": 11.25, "mssim": 0.5}), tmp_path / "results.jsonl")
    with pytest.raises(SystemExit) as exit_:
        main(["tables", "--store", str(tmp_path / "results.jsonl")])
    assert exit_.value.code == 0
    assert " 11.25 |" in (tmp_path / "tables.md").read_text(encoding="utf-8")
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert names == {f"{layout.name}.{suffix}" for layout in CATALOGUE for suffix in ("md", "csv", "tex")}
    assert "GoPro was not run. Add it:" in capsys.readouterr().out


def test_deblur_tables_works_before_any_run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_:
        main(["tables", "--only", "deblurgan-table2"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert "DeblurGAN's Table 2" in out
    assert "DeblurGAN's Table 1" not in out
    assert "results.jsonl holds no result yet: these are published numbers alone" in out


@pytest.mark.parametrize("command", ["tables", "page", "compare-runs a b"])
def test_a_store_that_is_named_and_missing_is_told_before_anything_is_written(command, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_:
        main([*command.split(), "--store", "out/typo.jsonl"])
    assert exit_.value.code == 2
    assert "--store is out/typo.jsonl, but there is no such file. Check the path." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_table_is_refused_with_the_known_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"there is no such table. Choose one of sample"):
        main(["tables", "--only", "table9"])


def test_a_data_set_of_one_s_own_has_a_table_with_every_metric_measured_on_it(tmp_path, capsys):
    store = tmp_path / "results.jsonl"
    append_result(Result("mine", "holiday pairs", {"psnr": 25.5, "sharpness": 0.5}, pictures=4), store)
    append_result(Result("blurry", "holiday pairs", {"psnr": 24.25, "ssim": 0.75}, pictures=4), store)
    append_result(Result("mine", "Köhler, 3 of 48 pictures", {"psnr": 20.5}), store)
    with pytest.raises(SystemExit) as exit_:
        main(["tables", "--store", str(store), "--only", "own-holiday-pairs", "--format", "csv"])
    assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert "## holiday pairs" in printed
    assert "no published number is on these pictures" in printed
    rows = (tmp_path / "tables" / "own-holiday-pairs.csv").read_text(encoding="utf-8").splitlines()
    assert rows == [
        'Method,"PSNR (dB), measured","SSIM, measured","sharpness, measured"',
        "mine,25.50,—,0.5000",
        "blurry,24.25,0.7500,—",
    ]
    assert "20.50" in (tmp_path / "tables" / "own-köhler-3-of-48-pictures.csv").read_text(encoding="utf-8")
    assert "holiday pairs" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_data_sets_whose_names_differ_in_signs_alone_both_have_tables():
    results = [Result("mine", name, {"psnr": 20.0}) for name in ("a b", "a-b", "GoPro", "?")]
    assert [layout.name for layout in own_layouts(results)] == ["own-a-b", "own-a-b-2", "own-data"]


def test_a_data_set_may_be_called_as_long_as_its_folder(tmp_path):
    store = tmp_path / "results.jsonl"
    for name in ("数" * 85, "数" * 84 + "据"):
        append_result(Result("mine", name, {"psnr": 20.0}), store)
    with pytest.raises(SystemExit) as exit_:
        main(["tables", "--store", str(store), "--format", "md"])
    assert exit_.value.code == 0
    assert len(list(tmp_path.glob("tables/own-*.md"))) == 2
