"""One network from blurry to sharp."""

import pytest
import torch
from small_models import small_direct_deblurrer, small_seeing_network
from torch import nn

from deblur_lightning.deblurring import DirectDeblurrer, PhotoDeblurrer
from deblur_lightning.field import check_field


class Negative(nn.Module):
    def forward(self, pictures):
        return 1.5 - pictures


def test_deblurgan_sees_pictures_from_minus_one_to_one_and_gray_ones_as_rgb():
    deblurrer = small_direct_deblurrer()
    gray = torch.rand(2, 1, 19, 23, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        restored = deblurrer(gray).picture
        expected = (deblurrer.generator(2 * gray.expand(-1, 3, -1, -1) - 1) + 1) / 2
    torch.testing.assert_close(restored, expected.mean(dim=1, keepdim=True).clamp(0, 1))


def test_other_networks_may_see_pictures_as_they_are():
    blurry = torch.rand(1, 3, 12, 14)
    answer = DirectDeblurrer(Negative(), signed=False)(blurry)
    torch.testing.assert_close(answer.picture, (1.5 - blurry).clamp(0, 1))
    assert answer.field is None


class Rising(nn.Module):
    """Makes pictures brighter from left to right; counts how often."""

    asked = 0

    def forward(self, pictures):
        self.asked += 1
        return pictures + torch.linspace(0, 0.2, pictures.shape[-1])


@pytest.mark.parametrize(("size", "looks"), [((12, 14), 4), ((512, 520), 2), ((1024, 1030), 1)])
def test_turned_a_network_looks_as_often_as_the_size_affords(size, looks):
    blurry, network = torch.rand(1, 3, *size) / 2, Rising()
    restored = DirectDeblurrer(network, signed=False, turned=True)(blurry).picture
    brighter = 0.1 if looks > 1 else torch.linspace(0, 0.2, size[1])  # slopes that are opposed cancel
    torch.testing.assert_close(restored, blurry + brighter)
    assert network.asked == looks


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda pictures: [pictures], "Answering gives a list, but a tensor .* Name a class"),
        (lambda pictures: pictures[..., ::2], r"Answering makes \[1, 3, 12, 7\] of \[1, 3, 12, 14\], but .* pads and"),
    ],
)
def test_a_network_that_answers_otherwise_is_refused(answer, message):
    class Answering(nn.Module):
        def forward(self, pictures):
            return answer(pictures)

    with pytest.raises(ValueError, match=message):
        DirectDeblurrer(Answering())(torch.rand(1, 3, 12, 14))


def test_methods_are_called_by_their_network():
    assert DirectDeblurrer(Negative(), signed=False).method == "Negative"
    assert small_direct_deblurrer().method == "DeblurGAN"
    assert DirectDeblurrer(small_seeing_network(), signed=False).method == "Direct"


@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_that_sees_tells_the_motion_that_it_does_not_undo(channels):
    torch.manual_seed(0)
    deblurrer = DirectDeblurrer(small_seeing_network(), signed=False).eval()
    blurry = torch.rand(1, channels, 72, 90)
    field = deblurrer.field(blurry)
    check_field(field)
    expected = deblurrer.generator.field(blurry.expand(-1, 3, -1, -1))
    torch.testing.assert_close((field.basis, field.coefficients), (expected.basis, expected.coefficients))
    assert deblurrer(blurry).field is None
    photo = PhotoDeblurrer(deblurrer)
    torch.testing.assert_close(photo(blurry).field.coefficients, field.coefficients)
    assert photo(blurry, with_field=False).field is None
    assert (deblurrer.sees_motion, deblurrer.undoes_motion) == (True, False)


def test_a_network_that_only_restores_tells_no_motion():
    deblurrer = small_direct_deblurrer()
    assert not deblurrer.sees_motion
    with pytest.raises(ValueError, match="DirectDeblurrer restores without a motion field"):
        deblurrer.field(torch.rand(1, 3, 72, 90))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_pictures_of_another_precision_are_restored_too(dtype):
    torch.manual_seed(0)
    deblurrer = DirectDeblurrer(small_seeing_network(), signed=False).eval()
    blurry = torch.rand(1, 3, 72, 90).to(dtype)
    with torch.no_grad():
        torch.testing.assert_close(deblurrer(blurry).picture, deblurrer(blurry.float()).picture)
    torch.testing.assert_close(deblurrer.field(blurry), deblurrer.field(blurry.float()))
