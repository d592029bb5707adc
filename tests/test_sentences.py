import errno
import os
from pathlib import Path

import pytest

from deblur_lightning.commands import main
from deblur_lightning.sentences import count_of, sentence


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


def test_what_is_counted_is_one_or_several():
    assert [count_of(number, "sharp frame") for number in (0, 1, 2)] == [
        "0 sharp frames",
        "1 sharp frame",
        "2 sharp frames",
    ]
