import os
import subprocess

import pytest
import torch
from small_disks import small_disk

from deblur_lightning.callbacks import WholeFileCheckpoints


@pytest.fixture
def disk(tmp_path):
    """A real file system of 256 KB."""
    (tmp_path / "small").mkdir()
    with small_disk(tmp_path / "small") as small:
        yield small


@pytest.mark.parametrize("numbers", [50_000, 12_000_000])
def test_a_full_disk_is_one_sentence_and_leaves_the_earlier_checkpoint_whole(disk, numbers):
    files, path = WholeFileCheckpoints(), disk / "last.ckpt"
    files.save_checkpoint({"weights": torch.arange(20_000)}, path)
    with pytest.raises(OSError, match=r"last\.ckpt: .* cannot be written \(No space left on device\).*Make room"):
        files.save_checkpoint({"weights": torch.arange(numbers)}, path)
    assert torch.equal(torch.load(path, weights_only=True)["weights"], torch.arange(20_000))
    assert [entry.name for entry in disk.iterdir()] == ["last.ckpt"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(disk):
    subprocess.run(["/bin/mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(OSError, match=r"last\.ckpt: .* cannot be written \(Read-only file system\)"):
        WholeFileCheckpoints().save_checkpoint({}, disk / "runs" / "last.ckpt")


def test_a_temporary_folder_without_room_does_not_matter(disk, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", os.fspath(disk))
    monkeypatch.setattr("tempfile.tempdir", None)
    WholeFileCheckpoints().save_checkpoint({"weights": torch.arange(100_000)}, tmp_path / "last.ckpt")
    assert len(torch.load(tmp_path / "last.ckpt", weights_only=True)["weights"]) == 100_000
