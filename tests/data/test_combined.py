"""Real pairs and synthetic blur in one training, through the real command line."""

import sys

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.data import (
    CombinedDataModule,
    GoProDataModule,
    Samples,
    Selection,
    SyntheticBlurDataModule,
    WheelPhotos,
)
from deblur_lightning.lightning_cli import main as cli

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
]


@pytest.fixture
def root(tmp_path):
    generator = np.random.default_rng(0)
    for sequence in ("GOPR0001_11_00", "GOPR0002_11_00"):
        for kind in ("blur", "sharp"):
            folder = tmp_path / "GOPRO" / "train" / sequence / kind
            folder.mkdir(parents=True)
            for number in range(3):
                pixels = generator.integers(0, 256, (48, 64, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number:06d}.png")
    return tmp_path / "GOPRO"


def combined(root, **arguments):
    real = GoProDataModule(root, crop_size=40, selection=Selection(held_out=["GOPR0002_11_00"]), num_workers=0)
    synthetic = SyntheticBlurDataModule(
        [WheelPhotos()], crop_size=40, kernel_size=9, max_objects=0, samples=Samples(4), num_workers=0
    )
    return CombinedDataModule(real, synthetic, num_workers=0, **arguments)


def test_an_epoch_holds_every_pair_and_so_many_synthetic_ones(root):
    data = combined(root)
    data.setup("fit")
    loader = data.train_dataloader()
    seen = [name for batch in loader for name in batch["name"]]
    assert sum(name.startswith("GOPR0001") for name in seen) == 3
    assert len({name for name in seen if name.startswith("train/wheel")}) == 6  # of epochs of 4
    assert all(batch.keys() == {"blurry", "sharp", "name"} for batch in loader)
    assert [batch["name"] for batch in data.val_dataloader()] != []


def test_no_synthetic_sample_comes_twice_in_a_training(root):
    data = combined(root, share=3)
    data.setup("fit")
    mixture = data.train_dataloader().dataset
    samples = [mixture[epoch, index] for epoch in range(3) for index in range(3, len(mixture))]
    assert len({sample["name"] for sample in samples}) == len(samples) == 3 * 9
    assert len({sample["blurry"].numpy().tobytes() for sample in samples}) == len(samples)


def test_crops_of_two_sizes_and_no_share_are_refused(root):
    with pytest.raises(ValueError, match="Pass one crop_size"):
        CombinedDataModule(GoProDataModule(root), SyntheticBlurDataModule(crop_size=64))
    with pytest.raises(ValueError, match="at least 1"):
        combined(root, share=0)


def test_the_command_line_builds_and_trains_it(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "comb.yaml"
    config.write_text(f"""\
trainer: {{accelerator: cpu, max_epochs: 1, limit_train_batches: 2, enable_progress_bar: false,
           enable_model_summary: false, num_sanity_val_steps: 0}}
model:
  class_path: DeblurGANModule
  init_args:
    deblurrer:
      class_path: DirectDeblurrer
      init_args: {{generator: {{class_path: DeblurGANGenerator, init_args: {{width: 4, blocks: 1}}}}}}
    critic: {{class_path: PatchCritic, init_args: {{width: 4}}}}
    content: PixelContent
data:
  class_path: CombinedDataModule
  init_args:
    num_workers: 0
    real:
      class_path: GoProDataModule
      init_args: {{root: {root}, crop_size: 40, selection: {{held_out: 1}}, num_workers: 0}}
    synthetic:
      class_path: SyntheticBlurDataModule
      init_args: {{crop_size: 40, kernel_size: 9, max_objects: 0, num_workers: 0}}
""")
    monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", str(config)])
    cli.main()
    assert (tmp_path / "results" / "runs" / "version_0" / "checkpoints" / "last.ckpt").is_file()


def test_a_sample_beyond_the_last_is_none(root):
    data = combined(root)
    data.setup("fit")
    mixture = data.train_dataloader().dataset
    with pytest.raises(IndexError, match="there are"):
        mixture[len(mixture)]


@pytest.mark.parametrize(("arguments", "message"), [({"batch_size": 0}, "batch_size is 0")])
def test_a_batch_of_nothing_is_refused(root, arguments, message):
    with pytest.raises(ValueError, match=message):
        combined(root, **arguments)
