import errno
import os

import pytest

from deblur_lightning.whole_file import whole_file, whole_folder, write_text


def test_a_file_appears_whole_under_its_name_and_its_folder_is_made(tmp_path):
    target = tmp_path / "a" / "b" / "table.csv"
    with whole_file(target) as part:
        part.write_text("rows")
        assert part.suffix == ".csv"
        assert not target.exists()
    assert target.read_text() == "rows"
    assert list(target.parent.iterdir()) == [target]


def test_a_text_takes_a_name_that_is_no_utf_8_as_it_is_printed(tmp_path):
    write_text(tmp_path / "a.md", os.fsdecode("müll".encode("latin-1")))
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == r"m\udcfcll"


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("earlier")

    def fail_half_way():
        with whole_file(target) as part:
            part.write_text("half")
            raise OSError("cable pulled")

    with pytest.raises(OSError, match="cable"):
        fail_half_way()
    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_a_name_as_long_as_the_file_system_allows_works(tmp_path):
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    target = tmp_path / ("n" * (longest - 4) + ".txt")
    with whole_file(target) as part:
        part.write_text("x")
    assert target.read_text() == "x"


def test_an_error_about_the_temporary_name_names_the_file_itself(tmp_path):
    target = tmp_path / "table.csv"
    with pytest.raises(PermissionError) as refused, whole_file(target) as part:
        raise PermissionError(errno.EACCES, "Permission denied", str(part))
    assert refused.value.filename == str(target)


@pytest.mark.parametrize("lend", [whole_file, whole_folder])
def test_a_full_disk_names_the_file(tmp_path, lend):
    with pytest.raises(OSError, match="No space") as refused, lend(tmp_path / "table"):
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write has it
    assert refused.value.filename == str(tmp_path / "table")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "a" / "set"

    def make(fails):
        with whole_folder(target) as part:
            (part / "inner").mkdir(parents=True)
            (part / "inner" / "one.txt").write_text("x")
            assert not (target / "inner").exists()
            if fails:
                raise OSError("cable pulled")

    with pytest.raises(OSError, match="cable"):
        make(fails=True)
    assert list(target.parent.iterdir()) == []
    target.mkdir()
    make(fails=False)
    assert list(target.parent.iterdir()) == [target]
    assert (target / "inner" / "one.txt").read_text() == "x"


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_folder_does_not_take_the_place_of_what_is_there(tmp_path, kind):
    target = tmp_path / "set"
    if kind == "file":
        target.write_text("precious")
    else:
        (target / "inner").mkdir(parents=True)
    with (
        pytest.raises(FileExistsError, match=r"set holds something else.*Remove it, or name another"),
        whole_folder(target),
    ):
        pytest.fail("nothing is made")
    assert target.exists()
