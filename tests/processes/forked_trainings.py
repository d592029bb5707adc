"""Real trainings in child processes: Lightning is imported once, each training is a fork of that process.

Tests call `run_script`; their scripts, run by this file as a program, call the rest.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path

import torch

import deblur_lightning

HERE = Path(__file__).parent


def run_script(folder, script, config):
    """Run a script in a process of its own, in a folder with a configuration; return what it reports, and its log."""
    (folder / "tiny.yaml").write_text(config)
    (folder / "script.py").write_text(script)
    path = os.pathsep.join((str(Path(deblur_lightning.__file__).parent.parent), str(HERE)))
    done = subprocess.run(
        [sys.executable, __file__, "script.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "report.json").read_text()), done.stderr


def report(content):
    """Hand the script's findings to the test."""
    Path("report.json").write_text(json.dumps(content))


def start(version, *more, command="fit"):
    """Fork a training; it goes on from its last checkpoint, if there is one."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    os.setsid()
    try:
        from deblur_lightning.lightning_cli import main as cli

        name = ["--trainer.logger.init_args.version", version]
        resume = ["--ckpt_path", "last"] if command == "fit" else []
        cli.main([command, "--config", "tiny.yaml", *resume, *name, *more])
        status = 0
    except SystemExit as stop:
        sys.stderr.write(f"{stop}\n")
        status = stop.code if isinstance(stop.code, int) else 71
    except BaseException:  # noqa: BLE001 - shown, for the process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def status_of(pid):
    """Wait for a training's end."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def last(version):
    """Name a training's last checkpoint."""
    return Path("results/runs", version, "checkpoints", "last.ckpt")


def load(version):
    """Read a training's last checkpoint."""
    return torch.load(last(version), weights_only=True)


def kill_amid(version, checkpoints, delay):
    """Start a training and kill it some time after its n-th checkpoint; return the step it can go on from."""
    path, pid = last(version), start(version)
    before = path.stat().st_mtime_ns if path.exists() else 0
    while checkpoints:
        assert os.waitpid(pid, os.WNOHANG)[0] == 0, "ended before it was killed"
        now = path.stat().st_mtime_ns if path.exists() else before
        checkpoints, before = checkpoints - (now != before), now
        time.sleep(0.001)
    time.sleep(delay)
    os.killpg(pid, signal.SIGKILL)  # a loading process just begun would not see that its parent is gone
    assert status_of(pid) == -signal.SIGKILL
    return load(version)["global_step"]


def differences(one, other, where=""):
    """List where two nested contents are not equal, bit for bit."""
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [where]
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        return [found for key in one for found in differences(one[key], other[key], f"{where}/{key}")]
    if isinstance(one, list | tuple):
        assert len(one) == len(other), where
        pairs = enumerate(zip(one, other, strict=True))
        return [found for place, pair in pairs for found in differences(*pair, f"{where}/{place}")]
    return [] if one == other else [where]


def compare(one, other):
    """List the differences of two trainings' last states and of their validations."""
    keys = "epoch", "global_step", "state_dict", "optimizer_states", "lr_schedulers"
    states = ({key: load(version)[key] for key in keys} for version in (one, other))
    logs = ([(row["epoch"], row["step"], row["val/psnr"]) for row in log(version)] for version in (one, other))
    scores = ({row for row in rows if row[-1]} for rows in logs)
    return differences(*states) + sorted(set.symmetric_difference(*scores))


def log(version):
    """Read a training's log."""
    with Path("results/runs", version, "metrics.csv").open() as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    import pytorch_lightning.cli  # noqa: F401 - before the forks

    from deblur_lightning import callbacks, data, deblurring, losses, modules, networks

    for package in (callbacks, data, deblurring, losses, modules, networks):
        for public in package.__all__:
            getattr(package, public)
    callbacks.KeepLast.__init__.__defaults__ = (0.0,)  # a checkpoint after every step
    exec(compile(Path(sys.argv[1]).read_text(), sys.argv[1], "exec"))  # noqa: S102 - the test's own script
