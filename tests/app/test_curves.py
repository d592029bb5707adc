"""`deblur curves` draws a log, or says which is missing."""

import pytest

from deblur_lightning.app import main


def test_a_log_becomes_a_picture(tmp_path, capsys):
    log = tmp_path / "run" / "metrics.csv"
    log.parent.mkdir()
    log.write_text("epoch,step,train/loss,val/psnr\n0,1,2.0,\n0,1,,20.5\n1,2,1.0,\n1,2,,21.5\n")
    with pytest.raises(SystemExit) as ended:
        main(["curves", str(log), "-o", str(tmp_path / "out" / "curves.png")])
    assert not ended.value.code
    assert (tmp_path / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"absent.*is missing.*Train with CSVLogger"):
        main(["curves", str(tmp_path / "absent.csv"), "-o", str(tmp_path / "curves.png")])
    assert not (tmp_path / "curves.png").exists()
