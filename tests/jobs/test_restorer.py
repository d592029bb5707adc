import pytest
import torch

from deblur_lightning.field import KernelField
from deblur_lightning.jobs.restorer import SHORTEST_SIDE, TILE, Restorer, mirror_to
from deblur_lightning.modules import DeblurGANModule, RestorationModule


class Brighten(RestorationModule):
    """Stands for a model: a result that can be told by its pixels."""

    def restore(self, blurry):
        assert min(blurry.shape[-2:]) >= SHORTEST_SIDE
        return 0.5 + 0.5 * blurry


class Drawing(Brighten):
    def field(self, blurry):
        return KernelField(torch.full((1, 2, 9, 9), 1 / 81), torch.full((1, 2, *blurry.shape[-2:]), 0.5))


def test_mirroring_continues_a_picture_without_a_jump():
    row = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3)
    assert mirror_to(row, 8)[0, 0, 5].tolist() == [1, 2, 3, 3, 2, 1, 1, 2]
    assert mirror_to(row, 1) is row


@pytest.mark.parametrize("size", [(1090, 75), (75, 1090), (64, 40)])
def test_deblurgan_restores_a_photo_as_it_is_evaluated_whole(size):
    torch.manual_seed(4)
    module = DeblurGANModule(width=4, blocks=1, critic_width=4, content="l1").eval()
    photo = torch.rand(1, 3, *size) * torch.linspace(0.1, 1, size[1])
    whole = module.restore(mirror_to(photo, SHORTEST_SIDE))[..., : size[0], : size[1]]
    torch.testing.assert_close(Restorer(module, "gan").restore(photo.clone()), whole, rtol=0, atol=2e-6)
    if max(size) > 256:
        assert (Restorer(module, "gan", tile=256).restore(photo) - whole).abs().max() > 0.01


def test_what_is_too_large_to_be_restored_whole_comes_in_the_largest_tiles(monkeypatch):
    seen = []

    class Seeing(Brighten):
        def restore(self, blurry):
            seen.append(blurry.shape[-2:])
            return super().restore(blurry)

    monkeypatch.setattr(Seeing, "whole_pixels", 1500**2)
    Restorer(Seeing(), "tiny").restore(torch.rand(1, 1, 2000, 1100))
    assert seen == [(2000, 1100)]
    seen.clear()
    Restorer(Seeing(), "tiny").restore(torch.rand(1, 1, 2000, 1200))
    assert len(seen) == 2
    assert max(max(size) for size in seen) > TILE
    seen.clear()
    monkeypatch.setattr(Seeing, "whole_pixels", 0)
    Restorer(Seeing(), "tiny").restore(torch.rand(1, 3, 1025, 70))
    assert len(seen) == 2


def test_strength_goes_from_the_photo_itself_to_the_full_restoration():
    blurry = torch.rand(1, 3, 70, 80)
    assert torch.allclose(Restorer(Brighten(), "tiny", strength=0.0).restore(blurry), blurry)
    assert torch.allclose(Restorer(Brighten(), "tiny", strength=0.5).restore(blurry), 0.25 + 0.75 * blurry)
    assert torch.allclose(Restorer(Brighten(), "tiny").restore(blurry), 0.5 + 0.5 * blurry)
    with pytest.raises(ValueError, match=r"strength is 1\.5, but it is a share"):
        Restorer(Brighten(), "tiny", strength=1.5)


def test_a_model_without_motion_fields_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"Brighten restores without a motion field. Pass a checkpoint"):
        Restorer(Brighten(), "tiny").field(torch.rand(1, 3, 70, 70))


@pytest.mark.parametrize("blurry", [torch.full((1, 3, 70, 70), 200.0), torch.full((1, 3, 70, 70), 7).byte()])
def test_other_value_ranges_are_caught_before_the_model(blurry):
    with pytest.raises(ValueError, match=r"blurry .* \[0, 1\]"):
        Restorer(Brighten(), "tiny").restore(blurry)


def test_a_photo_of_one_tile_is_looked_at_once_for_result_and_field():
    class Counting(Drawing):
        sees_motion = True
        looks = 0

        def see(self, blurry, sides=None):
            self.looks += 1
            return super().see(blurry, sides)

    module = Counting()
    blurry = torch.rand(1, 3, 50, 60, generator=torch.Generator().manual_seed(1))
    restored, field = Restorer(module, "tiny", strength=0.5).see(blurry)
    assert module.looks == 1
    torch.testing.assert_close(restored, Restorer(module, "tiny", strength=0.5).restore(blurry))
    torch.testing.assert_close(field.coefficients, Restorer(module, "tiny").field(blurry).coefficients)
    assert field.coefficients.shape[-2:] == (50, 60)


def test_a_photo_of_many_tiles_still_has_the_field_of_the_whole():
    class Moving(Drawing):
        sees_motion = True

    blurry = torch.rand(1, 3, 300, 280, generator=torch.Generator().manual_seed(1))
    restored, field = Restorer(Moving(), "tiny", tile=256).see(blurry)
    torch.testing.assert_close(restored, 0.5 + 0.5 * blurry)
    assert field.coefficients.shape[-2:] == (300, 280)
    assert Restorer(Brighten(), "tiny").see(blurry)[1] is None
