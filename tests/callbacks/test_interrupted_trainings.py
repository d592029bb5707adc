"""Real trainings in child processes, killed and stopped at any moment, against the same training left alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import deblur_lightning

FORKS = """
import csv, json, os, random, signal, sys, time, warnings
from pathlib import Path
import torch

warnings.simplefilter("ignore")
from deblur_lightning import callbacks, cli, data, modules
import pytorch_lightning.cli

for package in (callbacks, data, modules):  # imported once, then forked
    for name in package.__all__:
        getattr(package, name)
callbacks.KeepLast.__init__.__defaults__ = (0.0,)  # a checkpoint after every step


def start(version):
    pid = os.fork()
    if pid:
        return pid
    status = 70
    os.setsid()
    try:
        name = "--trainer.logger.init_args.version", version
        cli.main(["fit", "--config", "tiny.yaml", "--ckpt_path", "last", *name])
        status = 0
    except SystemExit as stop:
        print(stop, file=sys.stderr)
        status = stop.code if isinstance(stop.code, int) else 71
    finally:
        sys.stderr.flush()
        os._exit(status)


def status_of(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def last(version):
    return Path("results/runs", version, "checkpoints", "last.ckpt")


def changed(path, before):
    return path.exists() and path.stat().st_mtime_ns != before


def kill_amid(version, checkpoints, delay):
    path, pid = last(version), start(version)
    for _ in range(checkpoints):
        before = path.stat().st_mtime_ns if path.exists() else 0
        while not changed(path, before):
            assert os.waitpid(pid, os.WNOHANG)[0] == 0, "ended before it was killed"
            time.sleep(0.001)
    time.sleep(delay)
    os.killpg(pid, signal.SIGKILL)  # a loading process just begun would not see that its parent is gone
    assert status_of(pid) == -signal.SIGKILL
    return torch.load(path, weights_only=True)["global_step"]


def differences(one, other, where=""):
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [where]
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        return [d for key in one for d in differences(one[key], other[key], f"{where}/{key}")]
    if isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        return [d for i, pair in enumerate(zip(one, other)) for d in differences(*pair, f"{where}/{i}")]
    return [] if one == other else [where]


def compare(version):
    one, other = (torch.load(last(v), weights_only=True) for v in ("whole", version))
    keys = "epoch", "global_step", "state_dict", "optimizer_states", "lr_schedulers"
    return differences(*({key: state[key] for key in keys} for state in (one, other)))


def log_differences(version):
    rows = {v: list(csv.DictReader(Path("results/runs", v, "metrics.csv").open())) for v in ("whole", version)}
    logs = {v: sorted(tuple(sorted(row.items())) for row in rows[v]) for v in rows}
    return sorted(set(logs["whole"]) ^ set(logs[version]))

"""
KILLED = """
report = {"whole": status_of(start("whole")), "steps": []}
for checkpoints, share in ((3, random.random()), (2, random.random())):
    report["steps"].append(kill_amid("killed", checkpoints, share * 0.05))
report["finished"], report["killed"] = status_of(start("killed")), compare("killed") + log_differences("killed")
print(json.dumps(report))
"""
STOPPED = """
report = {"whole": status_of(start("whole")), "steps": kill_amid("killed", 1, random.random() * 0.02)}
for moment in ("validation", "step", "epoch_end"):
    Path("stop").write_text(moment)
    report[moment] = status_of(start("killed")), torch.load(last("killed"), weights_only=True)["global_step"]
report["finished"], report["killed"] = status_of(start("killed")), compare("killed") + log_differences("killed")
print(json.dumps(report))
"""
TOY = """
import os, signal
from pathlib import Path
import torch
from deblur_lightning.modules import RestorationModule


class Duel(RestorationModule):
    '''Two optimisers by hand, one stepping every second batch; chance in every step; schedules of its own.'''

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.one, self.other = torch.nn.Conv2d(3, 3, 3, padding=1), torch.nn.Conv2d(3, 1, 3)

    def restore(self, blurry):
        return self.one(blurry).sigmoid()

    def training_step(self, batch, batch_idx):
        steps = self.optimizers()
        restored = self.restore(batch["blurry"])
        mixed = torch.lerp(restored.detach(), batch["sharp"], torch.rand(len(restored), 1, 1, 1))
        losses = (restored - batch["sharp"]).square().mean(), self.other(mixed).mean()
        for step, loss in list(zip(steps, losses))[batch_idx % 2 :]:
            step.zero_grad()
            self.manual_backward(loss)
            step.step()
        self.stop_at("step", batch_idx == 1)

    def validation_step(self, batch, batch_idx):
        super().validation_step(batch, batch_idx)
        self.stop_at("validation", batch_idx == 1)

    def on_train_epoch_end(self):
        for schedule in self.lr_schedulers():
            schedule.step()
        self.stop_at("epoch_end", True)

    def configure_optimizers(self):
        steps = [torch.optim.Adam(part.parameters(), 0.01) for part in (self.one, self.other)]
        return steps, [torch.optim.lr_scheduler.ExponentialLR(step, 0.5) for step in steps]

    def stop_at(self, moment, here):
        if here and not self.trainer.sanity_checking and Path("stop").exists() and Path("stop").read_text() == moment:
            Path("stop").unlink()
            os.kill(os.getpid(), signal.SIGTERM)
"""
TRAINER = """\
seed_everything: 7
trainer:
  accelerator: cpu
  max_epochs: 2
  enable_progress_bar: false
  enable_model_summary: false
  log_every_n_steps: 1
"""
ADAPTIVE = """\
  accumulate_grad_batches: 2
model:
  class_path: AdaptiveBasisModule
  init_args:
    num_basis: 3
    kernel_size: 9
    width: 8
    iterations: 2
    cross_entropy_weight: 0.05
    l1_from_epoch: 1
    scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {step_size: 1, gamma: 0.9}}
data:
  class_path: SyntheticBlurDataModule
  init_args:
    sources: [{class_path: WheelPhotos}]
    crop_size: 40
    kernel_size: 9
    batch_size: 1
    samples_per_epoch: 7
    val_samples: 2
    num_workers: 0
"""
DUEL = """\
model: toy.Duel
data:
  class_path: GoProDataModule
  init_args: {root: tree, held_out: 2, crop_size: 16, batch_size: 2, num_workers: 2}
"""


def run(tmp_path, script, config):
    (tmp_path / "tiny.yaml").write_text(TRAINER + config)
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "script.py").write_text(FORKS + script)
    package = str(Path(deblur_lightning.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((package, str(tmp_path))), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.fixture
def tree(tmp_path):
    """Ten pairs of noise, of which two validate: four batches of two an epoch."""
    generator = np.random.default_rng(0)
    for kind in ("blur", "sharp"):
        (tmp_path / "tree" / kind).mkdir(parents=True)
        for number in range(10):
            frame = generator.integers(0, 256, (20, 24, 3), np.uint8)
            Image.fromarray(frame).save(tmp_path / "tree" / kind / f"{number}.png")


@pytest.mark.slow
def test_a_training_killed_again_and_again_ends_in_the_weights_of_one_left_alone(tmp_path):
    report, _ = run(tmp_path, KILLED, ADAPTIVE)
    assert report["whole"] == report["finished"] == 0
    assert sorted(set(report["steps"])) == report["steps"] != []
    assert report["killed"] == []


@pytest.mark.slow
def test_a_training_by_manual_optimisation_on_files_survives_a_kill_and_sigterm_at_any_moment(tmp_path, tree):
    report, log = run(tmp_path, STOPPED, DUEL)
    assert report["whole"] == report["finished"] == 0
    assert report["killed"] == []
    assert [report[moment] for moment in ("validation", "step", "epoch_end")] == [[143, 6], [143, 9], [143, 12]]
    assert "Stopped by SIGTERM after step 9. Resume: --ckpt_path" in log
