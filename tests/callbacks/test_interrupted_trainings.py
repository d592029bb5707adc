"""Real trainings, killed and stopped at any moment, against the same trainings left alone."""

import numpy as np
import pytest
import yaml
from forked_trainings import run_script
from PIL import Image
from small_models import SMALL_TRAINER, small_config

KILLED = """
import random

found = {"whole": status_of(start("whole"))}
found["steps"] = [kill_amid("killed", count, random.random() * 0.05) for count in (3, 2)]
found["finished"], found["killed"] = status_of(start("killed")), compare("whole", "killed")
report(found)
"""
STOPPED = """
import random

found = {"whole": status_of(start("whole")), "step": kill_amid("killed", 1, random.random() * 0.02)}
for moment in ("validation", "step", "epoch_end"):
    Path("stop").write_text(moment)
    found[moment] = status_of(start("killed")), load("killed")["global_step"]
found["finished"], found["killed"] = status_of(start("killed")), compare("whole", "killed")
report(found)
"""
TRAINER = yaml.safe_dump(
    {
        "seed_everything": 7,
        "trainer": {name: value for name, value in SMALL_TRAINER.items() if name != "num_sanity_val_steps"}
        | {"max_epochs": 2},
    }
)
SCHEDULER = {"class_path": "torch.optim.lr_scheduler.StepLR", "init_args": {"step_size": 1, "gamma": 0.9}}
ADAPTIVE = small_config(
    trainer={"max_epochs": 2, "num_sanity_val_steps": 2, "accumulate_grad_batches": 2},
    model={"losses": {"cross_entropy": 0.05, "l1_from_epoch": 1}, "scheduler": SCHEDULER},
    data={"batch_size": 1, "samples": {"train": 7, "val": 2}},
)
GAN = """\
model:
  class_path: DeblurGANModule
  init_args:
    deblurrer:
      class_path: DirectDeblurrer
      init_args: {generator: {class_path: DeblurGANGenerator, init_args: {width: 4, blocks: 1}}}
    critic: {class_path: PatchCritic, init_args: {width: 4}}
    content: PixelContent
    rate: {constant_epochs: 1, decay_epochs: 4}
    accumulate: 2
data:
  class_path: GoProDataModule
  init_args: {root: tree, selection: {held_out: 2}, crop_size: 16, batch_size: 1, num_workers: 0}
"""
DUEL = """\
model: duel.Duel
data:
  class_path: GoProDataModule
  init_args: {root: tree, selection: {held_out: 2}, crop_size: 16, batch_size: 2, num_workers: 2}
"""


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
@pytest.mark.parametrize("method", [ADAPTIVE, TRAINER + GAN], ids=["adaptive", "deblurgan"])
def test_a_training_killed_again_and_again_ends_in_the_weights_of_one_left_alone(tmp_path, tree, method):
    found, _ = run_script(tmp_path, KILLED, method)
    assert found["whole"] == found["finished"] == 0
    assert found["steps"] == sorted(set(found["steps"]))
    assert found["killed"] == []


@pytest.mark.slow
def test_a_training_by_manual_optimisation_on_files_survives_a_kill_a_termination_and_an_interrupt(tmp_path, tree):
    found, log = run_script(tmp_path, STOPPED, TRAINER + DUEL)
    assert found["whole"] == found["finished"] == 0
    assert found["killed"] == []
    assert [found[moment] for moment in ("validation", "step", "epoch_end")] == [[143, 6], [130, 9], [143, 12]]
    assert "SIGINT: stopped after step 9. Resume: --ckpt_path" in log
