"""Windows on disk with a true and an estimated field: crops are chosen, turned and batched with their field."""

import pytest
import torch
from small_models import WINDOW, write_window

from deblur_lightning.batch import batched
from deblur_lightning.data import FieldWindows, FieldWindowsDataModule
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.physics import blur


@pytest.fixture
def files(tmp_path):
    return [write_window(tmp_path / "train" / f"{number:05d}.npz", number) for number in range(2)]


def test_a_turned_crop_is_still_blurred_by_its_turned_field(files):
    crops = FieldWindows(files, 28, 0.0, 16, seed=0)
    for sample in (crops[index] for index in range(16)):
        reblurred = blur(sample["sharp"][None], sample["field"])[0]
        inner = slice(3, -3)  # beyond, the crop's own border counts
        torch.testing.assert_close(reblurred[:, inner, inner], sample["blurry"][:, inner, inner], rtol=0, atol=6e-3)


def test_crops_turn_every_way_and_depend_on_seed_epoch_and_index_alone(files):
    crops = FieldWindows(files, 28, 0.6, 64, seed=0)
    first, again = crops[(1, 5)], crops[(1, 5)]
    assert torch.equal(first["blurry"], again["blurry"])
    assert torch.equal(first["field"].basis, again["field"].basis)
    assert not torch.equal(first["blurry"], crops[(2, 5)]["blurry"])
    assert not torch.equal(first["blurry"], FieldWindows(files, 28, 0.6, 64, seed=1)[(1, 5)]["blurry"])


def test_fields_are_chosen_by_their_share_with_what_was_restored_by_them(files):
    crops = FieldWindows(files, 28, 0.7, 400, seed=0)
    samples = [crops[index] for index in range(400)]
    seen = [sample["field"].basis.shape[1:3] == (1, 5) for sample in samples]
    assert sum(seen) / 400 == pytest.approx(0.7, abs=0.08)
    for sample, estimated in zip(samples[:40], seen, strict=False):
        by = sample["blurry" if estimated else "sharp"]
        torch.testing.assert_close(sample["start"], 1 - by, rtol=0, atol=1e-6)


def test_a_batch_widens_kernels_and_adds_unused_ones(files):
    crops = FieldWindows(files, 28, 0.5, 24, seed=0)
    samples = [crops[index] for index in range(24)]
    batch = batched(samples)
    assert batch["field"].basis.shape == (24, 2, 7, 7)
    check_field(batch["field"])
    for number, sample in enumerate(samples):
        own = KernelField(*(part[number : number + 1] for part in batch["field"]))
        expected = blur(sample["sharp"][None], sample["field"])
        torch.testing.assert_close(blur(sample["sharp"][None], own), expected, rtol=0, atol=1e-5)


def test_validation_takes_whole_windows_with_their_estimate(files, tmp_path):
    write_window(tmp_path / "val" / "00000.npz", 7)
    module = FieldWindowsDataModule(tmp_path, crop_size=28)
    module.setup("fit")
    (batch,) = module.val_dataloader()
    assert batch["blurry"].shape == (1, 3, WINDOW, WINDOW)
    assert batch["field"].basis.shape == (1, 1, 5, 5)


def test_what_is_not_there_is_said(tmp_path, files):
    with pytest.raises(FileNotFoundError, match=r"val holds no windows. Make them: python experiments/unrolled"):
        FieldWindowsDataModule(tmp_path).setup("validate")
    with pytest.raises(ValueError, match=r"estimated is 1\.1, but it is a share. Pass 0\.6"):
        FieldWindowsDataModule(tmp_path, estimated=1.1)
    with pytest.raises(ValueError, match="crop_size is 0, but there is nothing to do with none"):
        FieldWindowsDataModule(tmp_path, crop_size=0)
    with pytest.raises(ValueError, match=r"00000.npz is 40 x 40, but crops are 64 x 64"):
        FieldWindows(files[:1], 64, 0.6, 1, seed=0)[0]
    with pytest.raises(ValueError, match=r"00000.npz has no seen_basis and no seen_restored. Make it anew"):
        FieldWindows([write_window(files[0], 0, seen=False)], 28, 1.0, 1, seed=0)[0]


@pytest.mark.parametrize("content", [b"", b"PK\3\4 no archive" * 9, None])
def test_a_damaged_window_is_named(files, content):
    files[0].write_bytes(files[0].read_bytes()[:-200] if content is None else content)
    with pytest.raises(ValueError, match=r"00000\.npz is damaged \(.*\)\. Make it anew: experiments/unrolled"):
        FieldWindows(files[:1], 28, 0.6, 1, seed=0)[0]
