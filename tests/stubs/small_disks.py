"""Small file systems in memory, for tests of disks that are full or read-only."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder, options="size=256k"):
    """Mount a file system on a folder, and skip the test where that is not allowed."""
    if not Path("/bin/mount").exists():
        pytest.skip("there is no /bin/mount to make a small file system with")
    mount = ["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounting a tmpfs is not allowed here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", folder], check=True)
