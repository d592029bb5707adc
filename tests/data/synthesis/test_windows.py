"""Pairs made of windows of photographs, against the blur's definition."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from deblur_lightning.data.scenes.hard_motion import KINDS
from deblur_lightning.data.synthesis.field_files import load_field, save_field
from deblur_lightning.data.synthesis.photographs import find_photographs
from deblur_lightning.data.synthesis.settings import Blurring
from deblur_lightning.data.synthesis.windows import PhotoPairs


@pytest.fixture
def photos(tmp_path):
    """Three smooth photographs in BSDS500's layout, the first two with segments."""
    random = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        (tmp_path / "images" / "train").mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(random.integers(0, 256, (12, 14, 3), np.uint8))
        coarse.resize((70, 60), Image.Resampling.BICUBIC).save(tmp_path / "images" / "train" / f"{name}.png")
    for name in ("a", "b"):
        segments = np.ones((60, 70), np.uint16)
        segments[15:35, 20:45], segments[40:, :30] = 2, 3
        truth = np.empty((1, 1), object)
        truth[0, 0] = {"Segmentation": segments, "Boundaries": segments * 0}
        (tmp_path / "groundTruth" / "train").mkdir(parents=True, exist_ok=True)
        savemat(tmp_path / "groundTruth" / "train" / f"{name}.mat", {"groundTruth": truth})
    return tmp_path / "images" / "train"


def blurred(scene, field, gamma):
    """Expose pixel by pixel: R of ``sum_b m_b sum_ij k_b[i, j] u[y + i, x + j]``, of a scene K - 1 larger."""
    basis, coefficients = (part[0].double().numpy() for part in field)
    size, light = basis.shape[-1], (scene / 255.0) ** gamma
    out = np.zeros((*coefficients.shape[1:], 3))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            kernel = np.einsum("b,bij->ij", coefficients[:, y, x], basis)
            out[y, x] = np.einsum("ij,ijc->c", kernel, light[y : y + size, x : x + size])
    out -= np.log1p(np.exp(50 * (out - 1))) / 50  # the sensor's smooth response: white is 251
    return 255 * out.clip(0, 1) ** (1 / gamma)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_the_stored_field_blurs_the_sharp_picture_to_the_blurry_one(kind, gamma, photos, tmp_path):
    blurring = Blurring(kind, size=32, kernel_size=9, noise=0.0, gamma=gamma, seed=3)
    pairs = PhotoPairs(photos, find_photographs(photos), blurring)
    for number in range(3):
        pair = pairs(number)
        save_field(tmp_path / "field.npz", pair.field)
        field = load_field(tmp_path / "field.npz")
        photo = np.asarray(Image.open(photos / pair.row["photo"]))
        top, left = pair.row["top"], pair.row["left"]
        assert np.array_equal(pair.sharp, photo[top : top + 32, left : left + 32])
        scene = photo[top - 4 : top + 36, left - 4 : left + 36]
        assert np.abs(blurred(scene, field, gamma) - pair.blurry).max() < 0.51  # rounding alone
        from_sharp = blurred(pair.sharp, field.crop(4, 4, 24, 24), gamma)
        assert np.abs(from_sharp - pair.blurry[4:-4, 4:-4]).max() < 0.51
        assert np.abs(pair.sharp.astype(float) - pair.blurry).mean() > 0.5  # something moved


def test_noise_is_of_the_size_that_was_asked_for(photos):
    clean, noisy = (
        PhotoPairs(photos, find_photographs(photos), Blurring("turning", 48, 5, noise, 1.0, 0))(0).blurry / 255
        for noise in (0.0, 0.05)
    )
    expected = 0.05 * np.sqrt((0.99 * clean + 0.01).mean())
    assert np.sqrt(np.mean((noisy - clean) ** 2)) == pytest.approx(expected, rel=0.06)


def test_a_number_makes_the_same_pair_again(photos):
    first, again = (PhotoPairs(photos, find_photographs(photos), Blurring("mix", 32, 9, seed=1)) for _ in range(2))
    for number in (5, 0, 3):  # whatever was made before
        one, other = first(number), again(number)
        assert np.array_equal(one.blurry, other.blurry)
        assert np.array_equal(one.sharp, other.sharp)
        assert one.row == other.row
        assert one.name == other.name == f"{one.row['photo'][0]}_{number + 1:06}"
        again(number + 1)


def test_each_photo_has_its_turn_and_a_mix_has_every_kind(photos):
    pairs = PhotoPairs(photos, find_photographs(photos), Blurring("mix", 32, 9))
    rows = [pairs(number).row for number in range(30)]
    for turn in range(10):
        assert {row["photo"] for row in rows[3 * turn : 3 * turn + 3]} == {"a.png", "b.png", "c.png"}
    assert {row["kind"] for row in rows} == set(KINDS)
    assert len({(row["photo"], row["kind"]) for row in rows}) == 9
    assert len({(row["top"], row["left"]) for row in rows}) > 20


def test_segments_move_where_there_are_any(photos):
    pairs = PhotoPairs(photos, find_photographs(photos)[:1], Blurring("still", 40, 5, 0.0))
    for number in range(4):
        pair = pairs(number)
        top, left = pair.row["top"], pair.row["left"]
        segments = np.ones((60, 70), int)
        segments[15:35, 20:45], segments[40:, :30] = 2, 3
        inside = segments[top - 2 : top + 42, left - 2 : left + 42]
        at_rest = pair.field.coefficients[0, 0].numpy()  # the background's share
        for row in range(4, 36, 5):
            for column in range(4, 36, 5):
                around = inside[row : row + 5, column : column + 5]
                if (around == 1).all():
                    assert at_rest[row, column] == pytest.approx(1, abs=2e-3)
        assert at_rest.min() < 0.01


def test_where_nothing_can_move_that_is_told(photos, tmp_path):
    for path in (tmp_path / "groundTruth" / "train").glob("*.mat"):
        truth = np.empty((1, 1), object)
        truth[0, 0] = {"Segmentation": np.ones((60, 70), np.uint16), "Boundaries": np.ones((60, 70), np.uint16)}
        savemat(path, {"groundTruth": truth})
    whole = find_photographs(photos)[:2]
    with pytest.raises(ValueError, match=r"no window of 40 x 40 .* holds a segment.*--kind turning"):
        PhotoPairs(photos, whole, Blurring("objects", 32, 9))(0)
    assert PhotoPairs(photos, whole, Blurring("turning", 32, 9))(0).row["kind"] == "turning"


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"kind": "spin"}, "turning, objects, still and mix"),
        ({"kernel_size": 8}, "Pass 9"),
        ({"kernel_size": 1}, "Pass 3"),
        ({"size": 31}, "Pass 32"),
        ({"noise": float("nan")}, "noise is nan, but a standard deviation is a finite number from 0 on. Pass 0.01"),
        ({"noise": float("inf")}, "noise is inf, but a standard deviation is a finite number from 0 on. Pass 0.01"),
        ({"noise": -1.0}, "noise is -1.0, but a standard deviation is a finite number from 0 on. Pass 0.01"),
        ({"gamma": 0.5}, "Pass 2.2"),
        ({"seed": -1}, "Pass 0"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, remedy):
    with pytest.raises(ValueError, match=remedy):
        Blurring(**wrong)
