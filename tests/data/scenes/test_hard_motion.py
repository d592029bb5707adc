"""The three kinds of motion that methods are scored on."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from deblur_lightning.data.scenes import windows
from deblur_lightning.data.scenes.hard_motion import KINDS, blob_objects, draw_field, segment_objects
from deblur_lightning.data.scenes.windows import bsds500_windows
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.physics import blur, to_display, to_linear


def labels_of(side, objects):
    labels = np.zeros((side, side), np.uint8)
    for number in range(objects):
        labels[5 : side // 2, number * side // 2 + 3 : (number + 1) * side // 2 - 3] = number + 1
    return labels


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_of_the_window_and_sum_to_one(kind):
    field = draw_field(kind, labels_of(60, 2), 13, torch.Generator().manual_seed(0))
    check_field(field)
    assert field.coefficients.shape[-2:] == (48, 48)
    assert field.basis.shape[1] == (25 if kind == "turning" else 3)


def test_a_still_background_is_a_delta_and_objects_are_none():
    field = draw_field("still", labels_of(60, 2), 13, torch.Generator().manual_seed(0))
    peaks = field.basis[0].flatten(1).amax(dim=1)
    assert peaks[0] == 1
    assert field.basis[0, 0, 6, 6] == 1
    assert (peaks[1:] < 0.5).all()
    moving = draw_field("objects", labels_of(60, 2), 13, torch.Generator().manual_seed(0))
    assert (moving.basis[0].flatten(1).amax(dim=1) < 0.5).all()


def test_a_turning_camera_s_kernels_differ_over_the_window():
    field = draw_field("turning", labels_of(60, 0), 13, torch.Generator().manual_seed(0))
    corner, other = field.kernel_at(0, 0), field.kernel_at(47, 47)
    assert (corner - other).square().sum() > 0.01 * corner.square().sum()


def test_blobs_cover_what_objects_cover():
    for seed in range(5):
        areas = np.bincount(blob_objects(96, np.random.default_rng(seed)).ravel())[1:] / 96**2
        assert 1 <= len(areas) <= 2
        assert (areas >= 0.08).all()
        assert (areas <= 0.45).all()


def test_of_segments_only_those_of_an_object_s_size_are_taken():
    segments = np.zeros((40, 40), int)
    segments[:, :20], segments[:2, 20:] = 1, 2  # half of it, and a fortieth
    segments[10:30, 22:38] = 3  # a fifth
    taken = segment_objects(segments, np.random.default_rng(0))
    assert np.array_equal(taken > 0, segments == 3)
    assert not segment_objects(np.ones((40, 40), int), np.random.default_rng(0)).any()


@pytest.fixture
def bsds(tmp_path):
    random = np.random.default_rng(0)
    for name in ("1", "2"):
        for folder, suffix in (("images", "jpg"), ("groundTruth", "mat")):
            (tmp_path / folder / "test").mkdir(parents=True, exist_ok=True)
            path = tmp_path / folder / "test" / f"{name}.{suffix}"
            if suffix == "jpg":
                Image.fromarray(random.integers(0, 256, (120, 150, 3), np.uint8)).save(path)
            else:
                segments = np.ones((120, 150), np.uint16)
                segments[:60, :75], segments[60:, 75:], segments[:40, 90:] = 2, 3, 4
                truth = np.empty((1, 1), object)
                truth[0, 0] = {"Segmentation": segments, "Boundaries": segments * 0}
                savemat(path, {"groundTruth": truth})
    return tmp_path


def test_windows_of_bsds500_are_the_same_each_time(bsds):
    for kind in KINDS:
        first, again = (list(bsds500_windows(bsds, "test", kind, 3, side=64, kernel_size=9)) for _ in range(2))
        assert len({window["name"] for window in first}) == 3
        for one, other in zip(first, again, strict=True):
            assert torch.equal(one["blurry"], other["blurry"])
            assert one["blurry"].shape == one["sharp"].shape == (3, 64, 64)
            assert one["name"].startswith(f"{kind}/")
            assert torch.equal(one["sharp"], one["scene"][:, 4:-4, 4:-4])
            field = KernelField(*(part[None] for part in one["field"]))
            clean = to_display(blur(to_linear(one["scene"][None]), field, "valid"))[0]
            assert (clean - one["blurry"]).abs().mean() < 0.02  # noise of one per cent, and 8 bits


def test_a_window_larger_than_a_photograph_is_refused(bsds):
    with pytest.raises(ValueError, match=r"fit into a photograph of 150 x 120\. Pass a smaller side"):
        next(bsds500_windows(bsds, "test", "objects", 3, side=100, kernel_size=33))


def test_photographs_without_objects_are_not_looked_through_for_ever(bsds, monkeypatch):
    monkeypatch.setattr(windows, "segment_objects", lambda labels, random: np.zeros(labels.shape, np.uint8))
    with pytest.raises(ValueError, match=r"has no segment of an object's size within 64 pixels\. Pass a larger side"):
        next(bsds500_windows(bsds, "test", "still", 3, side=64, kernel_size=9))
