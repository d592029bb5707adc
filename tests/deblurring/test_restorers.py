"""Restorers of the chain are their functions, with the exposure's numbers."""

import pytest
import torch

from deblur_lightning.deblurring import HyperLaplacian, RichardsonLucy
from deblur_lightning.exposure import Exposure, Sides
from deblur_lightning.field import delta_field
from deblur_lightning.physics import shake_kernels
from deblur_lightning.restoration import deconvolve, richardson_lucy


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)
    blurry = torch.rand(1, 3, 48, 52, generator=generator)
    return blurry, delta_field(blurry, 9)._replace(basis=shake_kernels(1, 9, generator=generator)[None])


@pytest.mark.parametrize("method", ["basic", "saturated", "combined"])
def test_richardson_lucy_is_told_gamma_and_dark_sides(case, method):
    dark = Sides(top=True)
    restored = RichardsonLucy(4, method)(*case, Exposure(1.5, dark))
    torch.testing.assert_close(restored, richardson_lucy(*case, 4, gamma=1.5, method=method, dark=dark))


def test_the_hyper_laplacian_is_deconvolve(case):
    torch.testing.assert_close(HyperLaplacian()(*case, Exposure(1.5)), deconvolve(*case, gamma=1.5))
    options = {"regularization": 0.3, "exponent": 1.0, "outer": 1, "inner": 3, "allowance": 0.5}
    torch.testing.assert_close(HyperLaplacian(**options)(*case, Exposure()), deconvolve(*case, **options))


def test_options_that_there_are_not_are_named_when_the_chain_is_built():
    with pytest.raises(ValueError, match="method is best, but there are basic, saturated and combined"):
        RichardsonLucy(method="best")
    with pytest.raises(ValueError, match="iterations is -1, but it counts updates"):
        RichardsonLucy(-1)
    for wrong in (2.5, 30.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=f"iterations is {wrong}, but it counts updates"):
            RichardsonLucy(wrong)
    with pytest.raises(ValueError, match=r"start is 1\.5, but it counts steps\. Pass a whole number"):
        HyperLaplacian(start=1.5)
    with pytest.raises(ValueError, match=r"exponent is 9, but it must lie in \[0\.001, 2\]\. Pass 0\.8"):
        HyperLaplacian(exponent=9)
