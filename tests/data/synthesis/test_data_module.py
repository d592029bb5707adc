"""Pairs with fields: what `deblur synthesize` writes trains a network of motion."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning import Trainer
from scipy.ndimage import gaussian_filter
from small_models import small_config

from deblur_lightning.commands import main
from deblur_lightning.data import Selection, SynthesizedDataModule, find_pairs, load_field, save_field
from deblur_lightning.data.scenes.motion_fields import with_fields
from deblur_lightning.data.synthesis.field_pairs import FieldPairs
from deblur_lightning.lightning_cli import main as cli
from deblur_lightning.physics import blur, to_display, to_linear

K = 9
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Six pairs of three soft photographs, of both kinds of fields, without noise."""
    root = tmp_path_factory.mktemp("made")
    (root / "photos").mkdir()
    random = np.random.default_rng(0)
    for name in "abc":
        soft = gaussian_filter(random.normal(size=(90, 100, 3)), (1.2, 1.2, 0))
        picture = 0.5 + 0.4 * soft / abs(soft).max()
        Image.fromarray((picture * 255).round().astype(np.uint8)).save(root / "photos" / f"{name}.png")
    options = ["--count", "6", "--size", "64", "--kernel-size", str(K), "--noise", "0", "--seed", "4"]
    with pytest.raises(SystemExit) as end:
        main(["synthesize", str(root / "photos"), "-o", str(root / "pairs"), *options])
    assert not end.value.code
    return root / "pairs"


@pytest.fixture
def pairs(made, tmp_path):
    """The same pairs, to be spoilt."""
    for path in made.rglob("*.*"):
        target = tmp_path / "pairs" / path.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path / "pairs"


def set_up(root, stage="fit", **options):
    data = SynthesizedDataModule(root, crop_size=40, num_workers=0, batch_size=2, **options)
    data.setup(stage)
    return data


def blurred(sample):
    """Blur a sharp crop by its own field."""
    light = to_linear(sample["sharp"][None].double())
    return to_display(blur(light, sample["field"].to(dtype=torch.float64)))[0].clamp(0, 1)


@pytest.mark.parametrize("augment", [False, True])
def test_the_sharp_crop_blurred_by_the_crops_field_is_the_blurry_crop_inside(made, augment):
    samples = FieldPairs(find_pairs(made).pairs, 40, augment, seed=3)
    inner, seen, moved = (..., slice(K // 2, -(K // 2)), slice(K // 2, -(K // 2))), set(), 0
    for epoch in range(3):
        for index in range(len(samples)):
            sample = samples[epoch, index]
            difference = (blurred(sample) - sample["blurry"])[inner].abs()
            assert difference.max() < 2 / 255, sample["name"]  # both pictures have 8 bits
            moved = max(moved, (sample["sharp"] - sample["blurry"])[inner].abs().max())
            seen.add(sample["field"].basis.shape[1])
    assert moved > 20 / 255
    assert max(seen) > 3 >= min(seen)  # grids of a turning camera, and kernels of objects


def test_a_crops_field_is_the_whole_pictures_cut_where_the_crop_is(made):
    (pair, *_) = find_pairs(made).pairs
    whole, sample = FieldPairs([pair])[0], FieldPairs([pair], 40, augment=False, seed=1)[0]
    windows = whole["blurry"].unfold(1, 40, 1).unfold(2, 40, 1).flatten(1, 2).unbind(1)
    (top, left), *others = [
        divmod(n, 25) for n, window in enumerate(windows) if torch.equal(window, sample["blurry"])
    ]  # fmt: skip
    assert not others
    stored = load_field(made / "fields" / f"{pair.name}.npz")
    for row, column in ((0, 0), (39, 5), (17, 39)):
        ours, true = sample["field"].kernel_at(row, column), stored.kernel_at(top + row, left + column)
        torch.testing.assert_close(ours, true)


def test_crops_depend_on_seed_epoch_and_index_alone(made):
    pairs = find_pairs(made).pairs
    first, again, other = (FieldPairs(pairs, 40, seed=seed)[1, 2] for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first["field"], again["field"], strict=True))
    assert torch.equal(first["blurry"], again["blurry"])
    assert not torch.equal(first["blurry"], other["blurry"])
    assert not torch.equal(first["blurry"], FieldPairs(pairs, 40)[2, 2]["blurry"])


def test_a_batch_holds_fields_of_several_numbers_and_sizes_of_kernels(made):
    pairs = find_pairs(made).pairs
    samples = [FieldPairs(pairs)[index] for index in range(len(pairs))]
    small = {**samples[0], "field": samples[0]["field"]._replace(basis=samples[0]["field"].basis[..., 1:-1, 1:-1])}
    batch = with_fields([samples[1], small])
    assert batch["field"].kernel_size == K
    torch.testing.assert_close(batch["field"].kernel_at(3, 4)[0], samples[1]["field"].kernel_at(3, 4)[0])
    torch.testing.assert_close(batch["field"].kernel_at(3, 4)[1, 1:-1, 1:-1], small["field"].kernel_at(3, 4)[0])
    assert batch["weights"].shape == (2, 64, 64)


def test_a_photographs_pairs_are_held_out_together(made):
    data = set_up(made, selection=Selection(held_out=["c"]))
    assert {pair.sequence for pair in data.train_pairs.pairs} == {"a", "b"}
    assert {pair.sequence for pair in data.val_pairs.pairs} == {"c"}
    (batch, *_) = data.val_dataloader()
    assert batch["blurry"].shape == (1, 3, 64, 64)
    assert batch["field"].coefficients.shape[-2:] == (64, 64)


def lightning(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["lightning", *arguments])
    return cli.run(None).trainer


def test_a_training_on_such_a_folder_learns_by_the_command_line(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = small_config(trainer={"max_steps": 2, "max_epochs": -1})
    head = config.partition("data:")[0]
    (tmp_path / "config.yaml").write_text(
        f"{head}data:\n  class_path: SynthesizedDataModule\n"
        f"  init_args: {{root: {made}, crop_size: 40, batch_size: 2, num_workers: 0}}\n"
    )
    fitted = lightning(monkeypatch, "fit", "--config", "config.yaml")
    assert fitted.global_step == 2
    assert torch.isfinite(fitted.callback_metrics["train/kernel_loss"])
    last = "results/runs/version_0/checkpoints/last.ckpt"
    tested = lightning(monkeypatch, "test", "--config", "config.yaml", "--ckpt_path", last)
    assert {"test/psnr", "test/kernel_error"} <= set(tested.callback_metrics)


def test_a_resumed_training_sees_the_crops_that_are_left(made):
    trainer = Trainer(logger=False, accelerator="cpu", enable_checkpointing=False)
    data = set_up(made, selection=Selection(held_out=["c"]))
    data.trainer = trainer
    names = [batch["name"] for batch in data.train_dataloader()]
    trainer.fit_loop.epoch_progress.current.ready = 1
    trainer.fit_loop.epoch_loop.batch_progress.current.ready = 1
    assert [batch["name"] for batch in data.train_dataloader()] == names[1:]


def test_pairs_without_fields_are_told_apart_from_a_missing_one(pairs):
    first = sorted((pairs / "fields").iterdir())[0]
    first.unlink()
    with pytest.raises(FileNotFoundError, match=rf"{first.name} is missing.*Make the folder again.*1 such of"):
        set_up(pairs)
    for path in (pairs / "fields").iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match=r"have no fields, as those of videos; train on them with GoPro"):
        set_up(pairs)


def test_a_field_of_another_size_and_a_damaged_one_are_named(pairs):
    first = sorted((pairs / "fields").iterdir())[0]
    save_field(first, load_field(first).crop(0, 0, 64, 60))
    with pytest.raises(ValueError, match=rf"{first.name} is of 60 x 64 pixels, but .* is 64 x 64\. Make"):
        set_up(pairs)
    first.write_bytes(first.read_bytes()[:200])
    with pytest.raises(ValueError, match=rf"{first.name} holds no motion field"):
        set_up(pairs)


def test_photos_alone_are_predicted_without_fields(made):
    data = set_up(made / "blurry", "predict")
    (batch, *_) = data.predict_dataloader()
    assert "field" not in batch
