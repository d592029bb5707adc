import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = """
import json, sys
import torch
from pytorch_lightning import Trainer
from deblur_lightning.data import GoProDataModule, Selection
from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.modules import RestorationModule


class Dim(Deblurrer):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(0.9))

    def forward(self, blurry, exposure=None):
        return Deblurred(blurry * self.factor)


class Dimmer(RestorationModule):
    def __init__(self):
        super().__init__(Dim())
        self.factor = self.deblurrer.factor
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen += [(name, crop.sum().item()) for name, crop in zip(batch["name"], batch["blurry"])]
        return (self.restore(batch["blurry"]) - batch["sharp"]).square().mean()

    def on_train_end(self):
        everyone = [None] * self.trainer.world_size
        if self.trainer.world_size > 1:
            torch.distributed.all_gather_object(everyone, self.seen)
        else:
            everyone = [self.seen]
        if self.trainer.is_global_zero:
            json.dump([everyone, self.factor.item()], open(sys.argv[2] + ".seen", "w"))

    def on_test_end(self):
        if self.trainer.is_global_zero:
            metrics = {name: value.item() for name, value in self.trainer.callback_metrics.items()}
            json.dump([metrics, self.test_rows], open(sys.argv[2] + ".scores", "w"))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


if __name__ == "__main__":
    devices = int(sys.argv[3])
    trainer = Trainer(
        accelerator="cpu", devices=devices, strategy="ddp_fork" if devices > 1 else "auto", max_epochs=2, logger=False,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, limit_val_batches=0,
    )
    module = Dimmer()
    everything = Selection(held_out=0)
    data = GoProDataModule(sys.argv[1], selection=everything, crop_size=16, batch_size=4 // devices, num_workers=0)
    if sys.argv[4] == "fit":
        trainer.fit(module, data)
    else:
        trainer.test(module, data, verbose=False)
"""


def run(root: Path, tmp_path: Path, devices: int, job: str) -> list:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    out = tmp_path / f"{job}-{devices}"
    subprocess.run([sys.executable, script, root, out, str(devices), job], check=True, capture_output=True)
    return json.loads(out.with_suffix(".seen" if job == "fit" else ".scores").read_text())


@pytest.fixture
def root(tmp_path):
    """Eight training pairs and five test pairs: an odd number for two processes."""
    generator = np.random.default_rng(0)
    for split, count in (("train", 8), ("test", 5)):
        for kind in ("blur", "sharp"):
            (tmp_path / "tree" / split / kind).mkdir(parents=True)
            for number in range(count):
                frame = generator.integers(0, 256, (20, 24, 3), np.uint8)
                Image.fromarray(frame).save(tmp_path / "tree" / split / kind / f"{number}.png")
    return tmp_path / "tree"


@pytest.mark.slow
def test_two_processes_score_as_one_does_without_counting_a_picture_twice(root, tmp_path):
    (one, rows), (two, rows_of_two) = (run(root, tmp_path, devices, "test") for devices in (1, 2))
    assert set(rows) == {"0", "1", "2", "3", "4"}
    assert rows == rows_of_two
    assert one == two


@pytest.mark.slow
def test_two_processes_train_on_what_one_trains_on(root, tmp_path):
    (((alone,), factor), (shares, factor_of_two)) = (run(root, tmp_path, devices, "fit") for devices in (1, 2))
    assert [len(share) for share in shares] == [8, 8]
    for epoch in range(2):
        of = slice(8 * epoch, 8 * epoch + 8), slice(4 * epoch, 4 * epoch + 4)
        assert sorted(alone[of[0]]) == sorted(shares[0][of[1]] + shares[1][of[1]])
    assert factor_of_two == pytest.approx(factor, rel=1e-6)
