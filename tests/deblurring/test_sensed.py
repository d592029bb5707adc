"""SensedEstimator, StillKept: what a network sees of each place decides where kernels hold, and where photos stay."""

import pytest
import torch
from torch import nn

from deblur_lightning.deblurring import Restorer, RichardsonLucy, SensedEstimator, StillKept
from deblur_lightning.deblurring import sensed as module
from deblur_lightning.deblurring.sensed import agreed, stayed
from deblur_lightning.exposure import EVERY_SIDE, Exposure
from deblur_lightning.field import KernelField, check_field, delta_field
from deblur_lightning.networks import CellKernelNetwork


def line(size=9, length=5):
    kernel = torch.zeros(size, size)
    kernel[size // 2, size // 2 - length // 2 : size // 2 + length // 2 + 1] = 1 / length
    return kernel


def halves(left, right, side=32):
    """A field of one kernel on the left, another on the right."""
    shares = torch.zeros(1, 2, side, side)
    shares[:, 0, :, : side // 2] = shares[:, 1, :, side // 2 :] = 1
    return KernelField(torch.stack((left, right))[None], shares)


DELTA = delta_field(torch.zeros(1, 1, 1, 1), 9).basis[0, 0]
LINE = KernelField(line()[None, None], torch.ones(1, 1, 32, 32))


def test_what_stayed_is_the_central_pixel_s_share():
    field = halves(DELTA, line(length=5))
    assert stayed(field)[0, 0, 3, 3] == 1
    assert stayed(field)[0, 0, 3, 30].item() == pytest.approx(0.2)


def test_kernels_hold_where_something_moved():
    field = agreed(LINE, halves(DELTA, line()))
    check_field(field)
    torch.testing.assert_close(field.kernel_at(5, 3)[0], DELTA)
    torch.testing.assert_close(field.kernel_at(5, 30)[0], line())


def test_between_still_and_moved_both_are_mixed():
    doubtful = 0.85 * DELTA + 0.15 * line(length=7)
    field = agreed(LINE, KernelField(doubtful[None, None], torch.ones(1, 1, 32, 32)))
    expected = (0.95 - doubtful[4, 4].item()) / 0.2
    assert 0 < expected < 1
    torch.testing.assert_close(field.kernel_at(9, 9)[0], (1 - expected) * DELTA + expected * line())


def test_a_field_that_moved_everywhere_stays_as_it_is():
    assert agreed(LINE, halves(line(), line(length=3))) is LINE


def test_where_no_motion_was_found_the_other_counts():
    other = halves(DELTA, line())
    assert agreed(delta_field(torch.zeros(1, 1, 32, 32), 9), other) is other


class Told(nn.Module):
    """Tells the same field of every picture."""

    def __init__(self, field):
        super().__init__()
        self.field = field

    def forward(self, light):
        return KernelField(*(part.expand(len(light), -1, -1, -1) for part in self.field))


def test_the_estimator_asks_both(monkeypatch):
    found = {"kernel": line()}
    monkeypatch.setattr(
        module.BlindEstimator, "forward",
        lambda self, light: KernelField(found["kernel"].expand(len(light), 1, 9, 9), torch.ones(len(light), 1, 32, 32)),
    )  # fmt: skip
    estimator = SensedEstimator(Told(halves(DELTA, line())), 9)
    field = estimator(torch.rand(2, 3, 32, 32) - 0.5)
    check_field(field)
    torch.testing.assert_close(field.kernel_at(5, 3), DELTA.expand(2, 9, 9))
    found["kernel"] = DELTA
    torch.testing.assert_close(estimator(torch.rand(1, 3, 32, 32) - 0.5).kernel_at(5, 30)[0], line())


def test_the_estimator_works_whole():
    torch.manual_seed(0)
    network = CellKernelNetwork(9, 3, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), deeper=1, finer=1)
    field = SensedEstimator(network, 9)(torch.rand(1, 3, 48, 48) - 0.5)
    check_field(field)
    assert field.coefficients.shape[-2:] == (48, 48)


class Black(Restorer):
    def forward(self, blurry, field, exposure):
        return torch.zeros_like(blurry)


def test_still_parts_stay_and_moved_ones_are_restored():
    blurry = torch.rand(1, 3, 32, 32)
    answer = StillKept(Black()).judged(blurry, halves(DELTA, line()), Exposure())
    torch.testing.assert_close(answer.picture[..., :16], blurry[..., :16])
    assert not answer.picture[..., 16:].any()
    assert answer.trust.shape == (1, 1, 32, 32)
    assert answer.trust.mean() == 0.5


def test_between_them_both_are_mixed():
    blurry, kernel = torch.rand(1, 3, 32, 32), 0.7 * DELTA
    kernel = kernel + 0.3 * line(length=3) * (1 - DELTA) / (2 / 3)
    restored = StillKept(Black())(blurry, KernelField(kernel[None, None], torch.ones(1, 1, 32, 32)), Exposure())
    torch.testing.assert_close(restored, blurry * 0.5)


def test_fading_pictures_are_left_to_the_restorer():
    blurry = torch.rand(1, 3, 32, 32)
    exposure = Exposure(1.0, EVERY_SIDE)
    answer = StillKept(RichardsonLucy(2)).judged(blurry, halves(DELTA, line()), exposure)
    assert answer.trust is None
    torch.testing.assert_close(answer.picture, RichardsonLucy(2)(blurry, halves(DELTA, line()), exposure))
