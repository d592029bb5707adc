"""A deblurrer on photos of any size."""

import pytest
import torch
from small_models import FixedField, small_direct_deblurrer, small_motion_deblurrer

from deblur_lightning.deblurring import (
    BlindEstimator,
    Deblurred,
    Deblurrer,
    DirectDeblurrer,
    MotionDeblurrer,
    NoticedExposure,
    PhotoDeblurrer,
    Restorer,
)
from deblur_lightning.deblurring.motion import FADES
from deblur_lightning.deblurring.photo import SHORTEST_SIDE, TILE, mirror_to
from deblur_lightning.deblurring.restorers import Restored
from deblur_lightning.estimation import Found
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Exposure, Sides
from deblur_lightning.field import KernelField, delta_field


class Brighten(Deblurrer):
    """A result that can be told by its pixels."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, blurry, exposure=None):
        assert min(blurry.shape[-2:]) >= SHORTEST_SIDE
        self.sizes.append(tuple(blurry.shape[-2:]))
        return Deblurred(0.5 + 0.5 * blurry, self.field(blurry) if self.sees_motion else None)


class Moving(Brighten):
    sees_motion = True

    def field(self, blurry, exposure=None):
        return delta_field(blurry, 9)


class Exposed(Restorer):
    """Notes the exposure of each tile."""

    def __init__(self):
        super().__init__()
        self.told = []

    def forward(self, blurry, field, exposure):
        self.told.append(exposure)
        return blurry * 0.5


def noise(height, width, channels=3):
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(1090, 75), (75, 1090), (64, 40), (1, 1)])
def test_deblurgan_restores_a_photo_as_it_is_evaluated_whole(size):
    deblurrer, photo = small_direct_deblurrer(), noise(*size) * torch.linspace(0.1, 1, size[1])
    with torch.no_grad():
        whole = deblurrer(mirror_to(photo, SHORTEST_SIDE)).picture[..., : size[0], : size[1]]
    torch.testing.assert_close(PhotoDeblurrer(deblurrer)(photo.clone()).picture, whole, rtol=0, atol=2e-6)
    if max(size) > 256:
        assert (PhotoDeblurrer(deblurrer, tile=256)(photo).picture - whole).abs().max() > 0.01


def test_what_is_too_large_to_be_restored_whole_comes_in_the_largest_tiles():
    seeing = Brighten()
    seeing.whole_pixels = 1500**2
    PhotoDeblurrer(seeing)(torch.rand(1, 1, 2000, 1100))
    assert seeing.sizes == [(2000, 1100)]
    seeing.sizes.clear()
    PhotoDeblurrer(seeing)(torch.rand(1, 1, 2000, 1200))
    assert len(seeing.sizes) == 2
    assert max(max(size) for size in seeing.sizes) > TILE
    seeing.sizes.clear()
    seeing.whole_pixels = 0
    PhotoDeblurrer(seeing)(torch.rand(1, 3, TILE + 1, 70))
    assert len(seeing.sizes) == 2


def test_strength_goes_from_the_photo_itself_to_the_full_restoration():
    blurry = noise(70, 80)
    for strength in (0.0, 0.5, 1.0):
        restored = PhotoDeblurrer(Brighten(), strength=strength)(blurry).picture
        torch.testing.assert_close(restored, blurry + strength * (0.5 - 0.5 * blurry))
    with pytest.raises(ValueError, match=r"strength is 1\.5, but it is a share"):
        PhotoDeblurrer(Brighten(), strength=1.5)


def test_nothing_is_restored_or_estimated_for_a_strength_of_nothing():
    class Untouched(Moving):
        def forward(self, blurry, exposure=None):
            raise AssertionError

    class Unseen(Untouched):
        def field(self, blurry, exposure=None):
            raise AssertionError

    blurry, shares = noise(70, 80), []
    answer = PhotoDeblurrer(Unseen(), strength=0.0)(blurry, progress=shares.append, with_field=False)
    assert torch.equal(answer.picture, blurry)
    assert answer.picture.data_ptr() != blurry.data_ptr()
    assert (answer.field, answer.notes, shares) == (None, (), [1.0])
    assert PhotoDeblurrer(Untouched(), strength=0.0)(blurry).field.coefficients.shape[-2:] == (70, 80)


def test_progress_reaches_one_tile_by_tile():
    shares = []
    restored = PhotoDeblurrer(Brighten(), tile=256)(noise(300, 700), progress=shares.append).picture
    torch.testing.assert_close(restored, 0.5 + 0.5 * noise(300, 700))
    assert len(shares) > 4
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_photo_of_one_tile_is_looked_at_once_for_picture_and_field():
    model, blurry = Moving(), noise(50, 60)
    answer = PhotoDeblurrer(model, strength=0.5)(blurry)
    assert len(model.sizes) == 1
    assert answer.field.coefficients.shape[-2:] == (50, 60)


def test_a_photo_of_many_tiles_still_has_the_field_of_the_whole_where_it_is_wanted():
    model, blurry = PhotoDeblurrer(Moving(), tile=256), noise(300, 280)
    answer = model(blurry)
    torch.testing.assert_close(answer.picture, 0.5 + 0.5 * blurry)
    assert answer.field.coefficients.shape[-2:] == (300, 280)
    assert model(blurry, with_field=False).field is None
    assert PhotoDeblurrer(Brighten(), tile=256)(blurry).field is None


def test_a_model_without_motion_fields_says_so():
    with pytest.raises(ValueError, match=r"Brighten restores without a motion field. Pass a model that estimates one"):
        PhotoDeblurrer(Brighten()).field(noise(70, 70))


def test_the_tiles_of_a_photo_that_does_not_fade_are_never_taken_for_a_program_s():
    """One tile of this photo, by itself, would be: half of its borders are dark."""
    photo = torch.full((1, 3, 256, 384), 0.5)
    photo[..., :, :200] = 0.6
    for line in (0, 199):
        photo[..., :, line] = 0.3
    photo[..., [0, -1], :200] = 0.3
    restorer = Exposed()
    deblurrer = MotionDeblurrer(FixedField(torch.full((1, 1, 9, 9), 1 / 81)), restorer, exposure=NoticedExposure())
    assert deblurrer.exposure_of(photo[..., :200]).dark == EVERY_SIDE
    assert deblurrer.exposure_of(photo).dark == NO_SIDE
    answer = PhotoDeblurrer(deblurrer, tile=256)(photo)
    assert len(restorer.told) == 2
    assert set(restorer.told) == {Exposure()}
    assert answer.notes == ()


def test_the_tiles_of_a_photo_that_fades_are_told_which_sides_are_the_photo_s():
    photo, restorer = faded(300, 400), Exposed()
    deblurrer = MotionDeblurrer(FixedField(torch.full((1, 1, 9, 9), 1 / 81)), restorer, exposure=NoticedExposure())
    answer = PhotoDeblurrer(deblurrer, tile=256)(photo)
    assert len(restorer.told) == 6
    assert restorer.told[0] == Exposure(1.0, Sides(top=True, left=True), cut=True)
    assert restorer.told[1] == Exposure(1.0, Sides(top=True), cut=True)
    assert all(told.fades for told in restorer.told)
    assert answer.notes == (FADES,)


class Looking(BlindEstimator):
    """Sees one short motion everywhere, and is rather sure."""

    def find(self, light, tell=None):
        field = FixedField(torch.nn.functional.pad(torch.full((1, 1, 3, 3), 1 / 9), (3, 3, 3, 3)))(light)
        return Found(field, lambda: 0.7)


def test_each_tile_is_told_how_sure_the_motion_of_the_photo_is():
    restorer = Exposed()
    PhotoDeblurrer(MotionDeblurrer(Looking(9), restorer), tile=256)(noise(300, 400))
    assert restorer.told == [Exposure(sure=0.7)] * 6


class Judging(Exposed):
    """Judges what does not fade."""

    def judged(self, blurry, field, exposure):
        trust = None if exposure.fades else torch.ones_like(blurry[:, :1])
        return Restored(self(blurry, field, exposure), trust)


def faded(height, width):
    photo = torch.full((1, 3, height, width), 0.6)
    photo[..., [0, -1], :] *= 0.5
    photo[..., [0, -1]] *= 0.5
    return photo


@pytest.mark.parametrize("tile", [None, 256])
def test_a_photo_that_fades_is_told_to_in_all_its_tiles(tile):
    chain = MotionDeblurrer(Looking(9), Judging(), exposure=NoticedExposure())
    assert PhotoDeblurrer(chain, tile=tile)(faded(700, 500)).notes == (FADES,)


def test_a_model_that_answers_nan_is_named():
    class Broken(Brighten):
        def forward(self, blurry, exposure=None):
            return Deblurred(blurry / 0 * 0)

    with pytest.raises(ValueError, match=r"ours answers with NaN\. Train it anew"):
        PhotoDeblurrer(Broken(), "ours")(noise(70, 70))


def test_too_little_memory_names_the_remedy():
    class Greedy(Brighten):
        def forward(self, blurry, exposure=None):
            return Deblurred(torch.empty(2**55))

    with pytest.raises(
        ValueError, match=r"70 x 70 pixels at once need more memory than there is\. Reduce the photo, or lower --tile"
    ):
        PhotoDeblurrer(Greedy())(noise(70, 70))


@pytest.mark.parametrize("blurry", [torch.full((1, 3, 70, 70), 200.0), torch.full((1, 3, 70, 70), 7).byte()])
def test_other_value_ranges_are_caught_before_the_model(blurry):
    with pytest.raises(ValueError, match=r"blurry .* \[0, 1\]"):
        PhotoDeblurrer(Brighten())(blurry)


def test_photos_in_tiles_cost_no_quality_where_the_motion_is_one():
    """Tiles of a photo melt into what the whole restored at once is, but for what their contexts leave out."""
    basis = torch.zeros(1, 1, 9, 9)
    basis[0, 0, 4, 2:7] = 0.2
    photo = torch.nn.functional.avg_pool2d(noise(300, 420), 5, 1, 2, count_include_pad=False)
    deblurrer = MotionDeblurrer(FixedField(basis), small_motion_deblurrer(iterations=5).restorer)
    whole, tiled = (PhotoDeblurrer(deblurrer, tile=tile)(photo).picture for tile in (None, 256))
    assert (whole - tiled).abs().max() < 2e-3
    assert isinstance(PhotoDeblurrer(deblurrer)(photo).field, KernelField)
    assert DirectDeblurrer.whole_pixels == 0
