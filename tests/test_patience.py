"""Threads that wait sleep, in both commands, unless the user says otherwise."""

import os
import subprocess
import sys

import pytest

CODE = """
import os, sys
from deblur_lightning.{where} import main
try:
    main(["--version"])
finally:
    print("policy", os.environ.get("OMP_WAIT_POLICY"), "torch" in sys.modules)
"""


@pytest.mark.parametrize("where", ["commands", "lightning_cli.main"])
@pytest.mark.parametrize(("said", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_are_told_to_sleep_before_torch_is_there(where, said, found):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {} if said is None else {"OMP_WAIT_POLICY": said}
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(where=where)], capture_output=True, text=True, check=False, env=environment
    )
    assert f"policy {found} False" in done.stdout
