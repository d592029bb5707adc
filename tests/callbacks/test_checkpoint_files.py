import os
import subprocess
from pathlib import Path

import pytest
import torch

from deblur_lightning.callbacks import WholeFileCheckpoints


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 256 KB."""
    small = tmp_path / "small"
    small.mkdir()
    if not Path("/bin/mount").exists():
        pytest.skip("there is no /bin/mount to make a small file system with")
    mount = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"mounting a tmpfs is not allowed here: {mount.stderr.decode().strip()}")
    yield small
    subprocess.run(["/bin/umount", small], check=True)


@pytest.mark.parametrize("numbers", [50_000, 12_000_000])
def test_a_full_disk_is_one_sentence_and_leaves_the_earlier_checkpoint_whole(small_disk, numbers):
    files, path = WholeFileCheckpoints(), small_disk / "last.ckpt"
    files.save_checkpoint({"weights": torch.arange(20_000)}, path)
    with pytest.raises(OSError, match=r"last\.ckpt: .* cannot be written \(No space left on device\).*Make room"):
        files.save_checkpoint({"weights": torch.arange(numbers)}, path)
    assert torch.equal(torch.load(path, weights_only=True)["weights"], torch.arange(20_000))
    assert [entry.name for entry in small_disk.iterdir()] == ["last.ckpt"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(small_disk):
    subprocess.run(["/bin/mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(OSError, match=r"last\.ckpt: .* cannot be written \(Read-only file system\)"):
        WholeFileCheckpoints().save_checkpoint({}, small_disk / "runs" / "last.ckpt")


def test_a_temporary_folder_without_room_does_not_matter(small_disk, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", os.fspath(small_disk))
    monkeypatch.setattr("tempfile.tempdir", None)
    WholeFileCheckpoints().save_checkpoint({"weights": torch.arange(100_000)}, tmp_path / "last.ckpt")
    assert len(torch.load(tmp_path / "last.ckpt", weights_only=True)["weights"]) == 100_000
