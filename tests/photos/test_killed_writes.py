import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import deblur_lightning
from deblur_lightning.photos import read_photo

WRITER = """
import sys, torch
from deblur_lightning.photos import write_photo
image = torch.rand(1, 3, 500, 700)
while True:
    write_photo(sys.argv[1], image)
    print("written", flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_photo(tmp_path):
    target = tmp_path / "x.png"
    environment = {**os.environ, "PYTHONPATH": str(Path(deblur_lightning.__file__).parent.parent)}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE, text=True, env=environment
    )
    with writer:
        for _ in range(3):
            assert writer.stdout.readline() == "written\n"
        time.sleep(0.013)  # somewhere amid the next one
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL
    image, _ = read_photo(target)
    assert image.shape == (1, 3, 500, 700)
    assert all(path.name.startswith(".part-") for path in tmp_path.iterdir() if path != target)
