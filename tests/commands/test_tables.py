import pytest

from deblur_lightning.commands import main
from deblur_lightning.reports.catalogue import CATALOGUE
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


def test_deblur_tables_works_before_any_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["tables", "--store", str(tmp_path / "results.jsonl"), "--only", "deblurgan-table2"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert "DeblurGAN's Table 2" in out
    assert "DeblurGAN's Table 1" not in out


def test_an_unknown_table_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(SystemExit, match=r"there is no such table. Choose one of sample"):
        main(["tables", "--store", str(tmp_path / "results.jsonl"), "--only", "table9"])
