import os
import subprocess
import sys
from pathlib import Path

import deblur_lightning


def test_three_hundred_damaged_files_are_read_or_refused_in_a_sentence(tmp_path):
    root = Path(deblur_lightning.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("loaders.py"), "--seed=1", "--count=300", f"--keep={tmp_path}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 damaged files, 0 faults" in done.stdout
