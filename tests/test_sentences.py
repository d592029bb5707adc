import errno
import os
import re
from pathlib import Path

import pytest

from deblur_lightning.commands import main
from deblur_lightning.sentences import count_of, harmless, sentence


def test_the_systems_errors_name_the_file_and_our_own_stay_as_they_are():
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), "results/x.csv")
    assert sentence(error) == "results/x.csv: Permission denied. Check the path, its permissions and the space left."
    ours = "a.csv: option 'x' is none.\nTwo lines."
    assert sentence(ValueError(ours)) == ours


def test_an_error_out_of_a_loading_process_loses_its_traceback():
    caught = (
        "Caught CorruptFrameError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        '  File "worker.py", line 1, in <module>\n    read()\n'
        "deblur_lightning.data.frames.CorruptFrameError: a.png is damaged: no picture. Copy it again.\n"
    )
    assert sentence(ValueError(caught)) == "a.png is damaged: no picture. Copy it again."


@pytest.mark.parametrize(
    "command",
    [
        ["tables", "--store", "a.bin", "-o", "out"],
        ["tables", "--published", "a.bin", "-o", "out"],
        ["compare-runs", "a.bin", "a.bin"],
        ["curves", "a.bin", "-o", "out"],
        ["sweep", "a.bin"],
    ],
    ids=" ".join,
)
def test_what_is_no_text_is_named(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.bin").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(SystemExit, match=r"a\.bin is no text, but text is read from there"):
        main(command)


@pytest.mark.parametrize(
    ("text", "command", "said"),
    [
        ("", "compare-runs a.csv b.csv", "a.csv has no scores of single pictures"),
        ("name,psnr\n", "compare-runs b.csv a.csv", "a.csv has no scores of single pictures"),
        ("name,psnr\na,1,2\n", "compare-runs a.csv a.csv", "a.csv, line 2, has more cells than the first line"),
        ("", "tables --published a.csv -o out", "a.csv has no columns, but method, dataset, blur"),
        ("", "curves a.csv -o out", "a.csv holds no rows, but a curve needs some"),
        ("epoch,val/psnr\n", "curves a.csv -o out", "a.csv holds no rows, but a curve needs some"),
        ("epoch,val/psnr\n0,20,1\n", "curves a.csv -o out", "a.csv, line 2, has more cells than the first line"),
        ('epoch,val/psnr\n0,"' + "2" * 200_000, "curves a.csv -o out", "a.csv is damaged (field larger"),
    ],
)
def test_tables_that_are_empty_or_damaged_are_named(text, command, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(text)
    Path("b.csv").write_text("name,psnr\na,20\n")
    with pytest.raises(SystemExit, match=re.escape(f"deblur: {said}")):
        main(command.split())
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("file", "command", "said"),
    [
        ("a.jsonl", "tables --store a.jsonl -o out", "a.jsonl, line 1, is no result (brackets are nested too deeply)"),
        ("in/sample.json", "sample-gopro in", "in/sample.json is damaged (brackets are nested too deeply)"),
        ("in/sample.json", "sample-kohler in", "in/sample.json is damaged (brackets are nested too deeply)"),
        ("a.yaml", "sweep a.yaml", "a.yaml: not YAML (brackets are nested too deeply)"),
    ],
)
def test_brackets_nested_too_deeply_are_told_with_the_files_name(file, command, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text("[" * 100_000)
    with pytest.raises(SystemExit, match=re.escape(f"deblur: {said}")):
        main(command.split())
    assert not Path("out").exists()


def test_what_is_counted_is_one_or_several():
    assert [count_of(number, "sharp frame") for number in (0, 1, 2)] == [
        "0 sharp frames",
        "1 sharp frame",
        "2 sharp frames",
    ]


def test_what_a_terminal_would_obey_is_written_as_an_escape_and_all_else_stays():
    assert harmless("a\x1b[31mred\x07\r\x7f\x9b2J.jpg") == r"a\x1b[31mred\x07\x0d\x7f\x9b2J.jpg"
    plain = "".join(map(chr, range(32, 127))) + "\t\n\u00a0é李🙂\udce9"
    assert harmless(plain) == plain
