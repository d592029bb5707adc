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
    print("found", os.environ.get("{name}"), "torch" in sys.modules)
"""


@pytest.mark.parametrize("where", ["commands", "lightning_cli.main"])
@pytest.mark.parametrize(
    ("name", "said", "found"),
    [
        ("OMP_WAIT_POLICY", None, "PASSIVE"),
        ("OMP_WAIT_POLICY", "ACTIVE", "ACTIVE"),
        ("MKL_DOMAIN_NUM_THREADS", None, "MKL_DOMAIN_FFT=1"),
        ("MKL_DOMAIN_NUM_THREADS", "MKL_DOMAIN_FFT=2", "MKL_DOMAIN_FFT=2"),
    ],
)
def test_threads_are_told_to_sleep_before_torch_is_there(where, name, said, found):
    environment = {key: value for key, value in os.environ.items() if key != name}
    environment |= {} if said is None else {name: said}
    code = CODE.format(where=where, name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert f"found {found} False" in done.stdout


def test_transforms_in_one_thread_leave_the_others_to_all_else():
    code = (
        "from deblur_lightning.patience import wait_asleep; wait_asleep(); import torch; print(torch.get_num_threads())"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MKL_", "OMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "OMP_NUM_THREADS": "2"},
    )
    assert done.stdout.strip() == "2"
