import numpy as np
import pytest
from scipy import ndimage

from deblur_lightning.data import DeadLeaves, WheelPhotos
from deblur_lightning.data.scenes.decoys import decoy, depth, disc, gaussian, out_of_focus, striped


def deviations(spot):
    places = np.arange(len(spot)) - len(spot) // 2
    return [np.sqrt((spot.sum(1 - axis) * places**2).sum()) for axis in (0, 1)]


def steps(side=64):
    photo = np.zeros((side, side, 3), np.uint8)
    photo[:, side // 2 :] = 200
    photo[side // 2 :] += 40
    return photo


@pytest.mark.parametrize("radius", [1.2, 3.0, 16.0])
def test_a_disc_has_a_lens_spots_width(radius):
    spot = disc(radius)
    assert spot.sum() == pytest.approx(1, abs=1e-5)
    assert len(spot) % 2 == 1
    assert deviations(spot) == pytest.approx([radius / 2] * 2, rel=0.12, abs=0.2)
    assert spot.max() == pytest.approx(1 / (np.pi * radius**2), rel=0.25)


@pytest.mark.parametrize("deviation", [0.6, 2.0, 8.0])
def test_a_gaussian_has_its_deviation(deviation):
    spot = gaussian(deviation)
    assert spot.sum() == pytest.approx(1, abs=1e-5)
    assert deviations(spot) == pytest.approx([deviation] * 2, rel=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_out_of_focus_is_convolution_mirrored_at_the_borders(seed):
    photo = np.random.default_rng(5).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    soft = out_of_focus(photo, np.random.default_rng(seed), (2.0, 2.0))
    references = [
        np.stack([ndimage.convolve(plane.astype(float), spot, mode="mirror") for plane in photo.transpose(2, 0, 1)], -1)
        for spot in (disc(4.0), gaussian(2.0))
    ]
    assert min(np.abs(soft - reference).max() for reference in references) <= 0.51
    assert max(np.abs(soft - reference).max() for reference in references) > 1


def test_both_spots_occur():
    photo = np.zeros((65, 65, 3), np.uint8)
    photo[32, 32] = 255
    peaks = {int(out_of_focus(photo, np.random.default_rng(seed), (1.0, 1.0)).max()) for seed in range(20)}
    assert len(peaks) == 2


@pytest.mark.parametrize("seed", range(5))
def test_depth_is_a_share(seed):
    far = depth(50, np.random.default_rng(seed))
    assert far.shape == (50, 50)
    assert far.min() >= 0
    assert far.max() <= 1
    assert np.ptp(far) > 0.2


def test_stripes_have_one_direction():
    photo = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    shares = []
    for seed in range(20):
        gray = ndimage.gaussian_filter(striped(photo, np.random.default_rng(seed)).mean(-1), 1)
        down, across = np.gradient(gray)
        tensor = np.cov(down.ravel(), across.ravel())
        shares.append(np.divide(*np.linalg.eigvalsh(tensor)))
    assert np.median(shares) < 0.15


def test_a_third_of_the_scenes_stays_in_focus_and_the_rest_does_not():
    photo = steps()
    scenes = [decoy(photo, np.random.default_rng(seed)) for seed in range(200)]
    assert 40 <= sum(np.array_equal(scene, photo) for scene in scenes) <= 80
    assert all(scene.dtype == np.uint8 and scene.shape == photo.shape for scene in scenes)
    assert np.array_equal(decoy(photo, np.random.default_rng(7)), scenes[7])


def test_some_scenes_are_soft_in_parts_only():
    photo = np.tile(np.kron([[0, 255], [255, 0]], np.ones((2, 2))), (24, 24)).astype(np.uint8)[..., None].repeat(3, -1)
    spreads = []
    for seed in range(100):
        local = [part.std() for half in np.split(decoy(photo, np.random.default_rng(seed)), 4) for part in
                 np.split(half, 4, axis=1)]  # fmt: skip
        spreads.append(max(local) > 100 and min(local) < 60)
    assert 5 <= sum(spreads) <= 60


@pytest.mark.parametrize("source", [WheelPhotos, DeadLeaves])
def test_sources_have_decoys_in_place_of_softness(source):
    draw, plain = source(decoys=True).open("val", 48, 2), source(softness=0.0).open("val", 48, 2)
    for seed in range(3):
        generator = np.random.default_rng(seed)
        expected = decoy(plain(generator).photo, generator)
        assert np.array_equal(draw(np.random.default_rng(seed)).photo, expected)
