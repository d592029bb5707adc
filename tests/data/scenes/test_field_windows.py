"""Windows on disk with a true and an estimated field: crops are chosen, turned and batched with their field."""

import numpy as np
import pytest
import torch
from small_models import WINDOW, write_window

from deblur_lightning.data import Choice, FieldWindows, FieldWindowsDataModule
from deblur_lightning.data.scenes.field_windows import batched
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.physics import blur


@pytest.fixture
def files(tmp_path):
    return [write_window(tmp_path / "train" / f"{number:05d}.npz", number) for number in range(2)]


def test_a_turned_crop_is_still_blurred_by_its_turned_field(files):
    crops = FieldWindows(files, 28, Choice(0.0, 0.0), 16, seed=0)
    for sample in (crops[index] for index in range(16)):
        reblurred = blur(sample["sharp"][None], sample["field"])[0]
        inner = slice(3, -3)  # beyond, the crop's own border counts
        torch.testing.assert_close(reblurred[:, inner, inner], sample["blurry"][:, inner, inner], rtol=0, atol=6e-3)


def test_crops_turn_every_way_and_depend_on_seed_epoch_and_index_alone(files):
    crops = FieldWindows(files, 28, Choice(), 64, seed=0)
    first, again = crops[(1, 5)], crops[(1, 5)]
    assert torch.equal(first["blurry"], again["blurry"])
    assert torch.equal(first["field"].basis, again["field"].basis)
    assert not torch.equal(first["blurry"], crops[(2, 5)]["blurry"])
    assert not torch.equal(first["blurry"], FieldWindows(files, 28, Choice(), 64, seed=1)[(1, 5)]["blurry"])


def test_fields_are_chosen_by_their_shares(files):
    crops = FieldWindows(files, 28, Choice(estimated=0.5, constant=0.25), 400, seed=0)
    kinds = [sample["field"].basis.shape[1:3] for sample in (crops[index] for index in range(400))]
    shares = [kinds.count(torch.Size(kind)) / 400 for kind in ((1, 5), (1, 7), (2, 7))]
    assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.08)


def test_the_constant_field_is_the_mean_kernel_of_the_whole_window(files):
    sample = FieldWindows(files[:1], WINDOW, Choice(0.0, 1.0), 1, seed=0)[0]
    with np.load(files[0]) as window:
        mean = torch.from_numpy(window["basis"]).float().mean(0)  # each kernel has half of the window
    turns = [turned for flip in ([], [0], [1], [0, 1]) for turned in (mean.flip(flip), mean.flip(flip).T)]
    assert min((sample["field"].basis[0, 0] - turned).abs().max() for turned in turns) < 1e-3


def test_a_batch_widens_kernels_and_adds_unused_ones(files):
    crops = FieldWindows(files, 28, Choice(estimated=0.5, constant=0.25), 24, seed=0)
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
    with pytest.raises(ValueError, match=r"choice is .*, but shares cannot be negative, nor above 1 together"):
        FieldWindowsDataModule(tmp_path, choice=Choice(0.8, 0.3))
    with pytest.raises(ValueError, match="crop_size is 0, but there is nothing to do with none"):
        FieldWindowsDataModule(tmp_path, crop_size=0)
    with pytest.raises(ValueError, match=r"00000.npz is 40 x 40, but crops are 64 x 64"):
        FieldWindows(files[:1], 64, Choice(), 1, seed=0)[0]
    with pytest.raises(ValueError, match=r"00000.npz has no estimated field"):
        FieldWindows([write_window(files[0], 0, seen=False)], 28, Choice(1.0, 0.0), 1, seed=0)[0]
