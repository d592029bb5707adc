"""A fusion mixes restorations and the photo itself by shares that its network tells from cues."""

import pytest
import torch

from deblur_lightning.deblurring import (
    BlindEstimator,
    Fusion,
    HyperLaplacian,
    MotionDeblurrer,
    PhotoDeblurrer,
    Restorer,
    RichardsonLucy,
    build,
    describe,
)
from deblur_lightning.deblurring.recipe import replaced
from deblur_lightning.estimation import Found
from deblur_lightning.exposure import Exposure, Sides
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.physics import shake_kernels
from deblur_lightning.restoration import CUES, restoration_cues


class Inverted(Restorer):
    def forward(self, blurry, field, exposure):
        return 1 - blurry


class Darker(Restorer):
    def forward(self, blurry, field, exposure):
        return blurry / 2


class Moved(torch.nn.Module):
    """Sees the same kernel everywhere, small enough to be no reason to leave a picture alone."""

    def forward(self, light):
        kernels = shake_kernels(1, 9, generator=torch.Generator().manual_seed(0))[None]
        return delta_field(light, 9)._replace(basis=kernels.expand(len(light), -1, -1, -1))


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)
    blurry = torch.rand(2, 3, 50, 61, generator=generator)
    kernels = shake_kernels(2, 9, generator=generator)
    return blurry, KernelField(kernels[:, None], torch.ones(2, 1, 50, 61))


def fused(restorers, scores=None):
    """Build a fusion whose network says the same everywhere, or what chance gave it."""
    torch.manual_seed(0)
    fusion = Fusion(restorers)
    if scores is not None:
        torch.nn.init.zeros_(fusion.network[-1].weight)
        fusion.network[-1].bias.data = torch.tensor(scores)
    return fusion.eval().requires_grad_(requires_grad=False)


def test_the_mixture_is_that_of_the_shares(case):
    fusion = fused([Inverted(), Darker()])
    picture, trust, _ = fusion.judged(*case, Exposure())
    blurry, field = case
    cues = torch.cat([restoration_cues(blurry, one, field) for one in (1 - blurry, blurry / 2)], 1)
    told = fusion.network(cues.clamp(-4, 4).movedim(1, -1)).movedim(-1, 1)
    shares = torch.cat((torch.zeros(2, 1, 7, 8), told), 1).softmax(1)
    row, column = 21, 34
    down, right = (row + 0.5) / 8 - 0.5, (column + 0.5) / 8 - 0.5  # between the centres of cells
    own = torch.zeros(2, 3)
    for y, x in ((2, 3), (2, 4), (3, 3), (3, 4)):
        own += (1 - abs(down - y)) * (1 - abs(right - x)) * shares[..., y, x]
    seen = blurry[..., row, column]
    mixed = own[:, :1] * seen + own[:, 1:2] * (1 - seen) + own[:, 2:] * seen / 2
    torch.testing.assert_close(picture[..., row, column], mixed, atol=1e-5, rtol=0)
    torch.testing.assert_close(trust[..., row, column], 1 - own[:, :1], atol=1e-5, rtol=0)
    torch.testing.assert_close(fusion(*case, Exposure()), picture)


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [
        ((-40.0, -40.0), lambda blurry: blurry),
        ((40.0, 0.0), lambda blurry: 1 - blurry),
        ((0.0, 40.0), lambda blurry: blurry / 2),
        ((0.0, 0.0), lambda blurry: (blurry + 1 - blurry + blurry / 2) / 3),
    ],
)
def test_known_shares(case, scores, wanted):
    picture, trust, _ = fused([Inverted(), Darker()], scores).judged(*case, Exposure())
    torch.testing.assert_close(picture, wanted(case[0]))
    assert trust.shape == (2, 1, 50, 61)
    assert trust.min() >= 0
    assert trust.max() <= 1 + 1e-6


def test_as_far_as_motion_is_sure_half_goes_to_the_boldest_restoration(case):
    fusion = fused([Inverted(), Darker()])
    doubting, sure = (fusion.judged(*case, Exposure(sure=sure)) for sure in (0.0, 0.6))
    boldest = case[0] / 2
    torch.testing.assert_close(sure.picture, doubting.picture + 0.3 * (boldest - doubting.picture))
    torch.testing.assert_close(sure.trust, doubting.trust + 0.3 * (1 - doubting.trust))


def test_cues_rarer_than_training_saw_count_no_more_than_its_limits():
    fusion = fused([Darker()])
    fusion.centre.fill_(1.0)
    fusion.spread.fill_(0.5)
    far, limit = torch.full((3, 2 * len(CUES)), 1e6), torch.full((3, 2 * len(CUES)), 3.0)
    torch.testing.assert_close(fusion.votes(far), fusion.votes(limit))
    assert not torch.allclose(fusion.votes(far), fusion.votes(limit - 0.5))


def test_pictures_that_fade_are_judged_like_any_others(case):
    exposure = Exposure(1.0, Sides(left=True))
    fusion = fused([RichardsonLucy(3), Inverted()])
    made = [restorer(*case, exposure) for restorer in fusion.restorers]
    cues = torch.cat([restoration_cues(case[0], one, case[1], 1.0) for one in made], dim=1)
    shares = fusion.shares(cues, case[0].shape[-2:])
    picture, trust, _ = fusion.judged(*case, exposure)
    torch.testing.assert_close(trust, shares.sum(1, keepdim=True))
    mixed = case[0] + sum(shares[:, [number]] * (one - case[0]) for number, one in enumerate(made))
    torch.testing.assert_close(picture, mixed.clamp(0, 1))


def test_no_restorer_is_refused():
    with pytest.raises(ValueError, match=r"restorers is empty, but a fusion needs one. Pass RichardsonLucy"):
        Fusion([])


def test_a_recipe_holds_its_restorers_and_options_reach_them():
    chain = MotionDeblurrer(Moved(), fused([RichardsonLucy(7), HyperLaplacian(outer=2)]))
    recipe = describe(chain.restorer)
    assert [part["class_path"].rpartition(".")[2] for part in recipe["init_args"]["restorers"]] == [
        "RichardsonLucy",
        "HyperLaplacian",
    ]
    whole = describe(MotionDeblurrer(None, Fusion([RichardsonLucy(7), HyperLaplacian(outer=2)])))
    whole["init_args"]["network"] = {"class_path": "BlindEstimator", "init_args": {}}
    built = build(replaced(whole, {"iterations": 4, "inner": 1}))
    assert isinstance(built.restorer, Fusion)
    assert built.restorer.restorers[0].iterations == 4
    assert (built.restorer.restorers[1].outer, built.restorer.restorers[1].inner) == (2, 1)


def test_a_photo_is_told_how_far_it_was_trusted():
    photo = torch.rand(1, 3, 80, 90, generator=torch.Generator().manual_seed(1))
    chain = MotionDeblurrer(Moved(), fused([Darker()], [0.0]))
    answer = PhotoDeblurrer(chain)(photo)
    torch.testing.assert_close(answer.picture, 0.75 * photo)
    note = "50% restored by the motion found; 50% left as it was"
    assert note in answer.notes
    doubted = MotionDeblurrer(Moved(), fused([Darker()], [-3.0]))(photo)
    assert "5% restored by the motion found; 95% left as it was" in doubted.notes


@pytest.mark.parametrize("tile", [None, 256])
def test_a_photo_whose_motion_is_estimated_at_once_is_told_of_all_its_tiles(tile):
    class Looking(BlindEstimator):
        def find(self, light):
            return Found(Moved()(light))

    photo = torch.rand(1, 3, 300, 270, generator=torch.Generator().manual_seed(1))
    chain = MotionDeblurrer(Looking(9), fused([Darker()], [0.0]))
    answer = PhotoDeblurrer(chain, tile=tile)(photo)
    torch.testing.assert_close(answer.picture, 0.75 * photo)
    told = [note for note in answer.notes if "restored by" in note]
    assert told == ["50% restored by the motion found; 50% left as it was"]
    assert PhotoDeblurrer(chain, tile=tile, strength=0.0)(photo).notes == ()


def test_what_is_sure_of_one_tile_is_not_said_of_the_whole():
    photo = torch.rand(1, 3, 300, 270, generator=torch.Generator().manual_seed(1))
    chain = MotionDeblurrer(Moved(), fused([Darker()], [0.0]))
    answer = PhotoDeblurrer(chain, tile=256)(photo, with_field=False)
    torch.testing.assert_close(answer.picture, 0.75 * photo)
    assert answer.notes == ()
