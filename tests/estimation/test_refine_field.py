import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import refine_field
from deblur_lightning.estimation.kernel_shape import centred, cleaned, resized
from deblur_lightning.estimation.refine_field import out_of_reach_of_clipping, richest_window
from deblur_lightning.estimation.regions import motion_regions
from deblur_lightning.estimation.tethered_kernel import fitted_kernel, refine_kernel
from deblur_lightning.estimation.variational_kernel import softened
from deblur_lightning.field import KernelField, check_field, delta_field
from deblur_lightning.losses import kernel_distance
from deblur_lightning.physics import expose, to_linear
from deblur_lightning.restoration import richardson_lucy

SIZE, KERNEL = 128, 17


def round_spot(sigma):
    steps = torch.arange(KERNEL) - KERNEL // 2
    spot = torch.exp(-(steps[:, None] ** 2 + steps**2) / (2 * sigma**2))
    return spot / spot.sum()


@pytest.fixture(scope="module")
def hook():
    """A path with a corner, as wide as a shaky one: eight pixels across, then six down."""
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[5, 4:12] = 1
    kernel[5:11, 11] = 1
    return softened(centred(kernel / kernel.sum()), 0.7)


@pytest.fixture(scope="module")
def shot(hook):
    """Dead leaves, shaken, with noise: blurry and sharp display values."""
    wide = torch.tensor(dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(8))).permute(2, 0, 1)[None] / 255
    margin = KERNEL // 2
    sharp = wide[..., margin:-margin, margin:-margin]
    field = delta_field(sharp, KERNEL)._replace(basis=hook[None, None])
    generator = torch.Generator().manual_seed(1)
    return expose(to_linear(wide, 2.2), field, generator=generator, gamma=2.2, noise=0.005), sharp


def constant(blurry, kernel):
    return delta_field(blurry, KERNEL)._replace(basis=kernel[None, None].expand(len(blurry), 1, -1, -1))


def test_a_round_spot_becomes_the_true_path(shot, hook):
    blurry, sharp = shot
    guess, truth = constant(blurry, round_spot(3.0)), constant(blurry, hook)
    refined = refine_field(blurry, guess)
    check_field(refined)
    assert kernel_distance(refined, truth) < 0.3 * kernel_distance(guess, truth)

    def error(field):
        return (richardson_lucy(blurry, field, 10) - sharp).square().mean()

    assert error(refined) < 0.7 * error(guess)
    assert error(refined) < 0.5 * (blurry - sharp).square().mean()


def test_the_true_kernel_is_hardly_moved(shot, hook):
    blurry, _ = shot
    truth = constant(blurry, hook)
    moved = kernel_distance(refine_field(blurry, truth), truth)
    assert moved < 0.1 * kernel_distance(constant(blurry, round_spot(3.0)), truth)


def test_each_picture_of_a_batch_is_refined_by_itself(shot):
    blurry, _ = shot
    other = blurry.flip(3)
    both = torch.cat((blurry, other))
    together = refine_field(both, constant(both, round_spot(3.0)))
    for number, one in enumerate((blurry, other)):
        alone = refine_field(one, constant(one, round_spot(3.0)))
        torch.testing.assert_close(together.basis[number : number + 1], alone.basis)


def test_two_motions_are_two_regions_each_with_its_own_kernel(hook):
    left, right = round_spot(0.8), hook
    share = torch.zeros(1, 2, 96, 96)
    share[:, 0, :, :40], share[:, 1, :, 40:] = 1, 1
    regions = motion_regions(KernelField(torch.stack((left, right))[None], share))
    check_field(regions)
    assert regions.basis.shape == (1, 2, KERNEL, KERNEL)
    for column, kernel in ((10, left), (80, right)):
        torch.testing.assert_close(regions.kernel_at(48, column)[0], kernel, atol=1e-4, rtol=0)


def test_a_mixture_that_is_everywhere_the_same_is_one_region(hook):
    basis = torch.stack((round_spot(1.0), hook))[None]
    share = torch.tensor([0.3, 0.7]).view(1, 2, 1, 1).expand(1, 2, 50, 70)
    regions = motion_regions(KernelField(basis, share))
    torch.testing.assert_close(regions.basis[0], 0.3 * basis[:, 0] + 0.7 * basis[:, 1])
    assert regions.coefficients.shape == (1, 1, 50, 70)
    assert (regions.coefficients - 1).abs().max() < 1e-6


def test_regions_too_small_or_hardly_moved_keep_the_estimate(shot):
    blurry, _ = shot
    tiny = blurry[..., :40, :40]
    for picture, options in ((tiny, {}), (blurry, {"still": 0.01})):
        guess = constant(picture, round_spot(3.0))
        torch.testing.assert_close(refine_field(picture, guess, **options).basis, guess.basis)


@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
def test_a_picture_without_edges_gives_a_kernel_all_the_same(light):
    blank = torch.full((1, 3, SIZE, SIZE), light)
    check_field(refine_field(blank, constant(blank, round_spot(2.0))))


def test_softness_is_that_of_the_refined_kernels(shot, hook):
    blurry, guess = shot[0], constant(shot[0], softened(hook, 1.5))
    soft, crisp = (refine_field(blurry, guess, softness=softness).basis[0, 0] for softness in (1.2, 0.45))
    torch.testing.assert_close(soft, softened(crisp, (1.2**2 - 0.45**2) ** 0.5), rtol=0, atol=2e-3)
    assert crisp.max() > 1.3 * soft.max()


def test_pictures_that_are_none_are_refused(shot):
    blurry, _ = shot
    with pytest.raises(ValueError, match="blurry"):
        refine_field(blurry + 1, constant(blurry, round_spot(2.0)))
    with pytest.raises(ValueError, match="blurry"):
        refine_field(blurry * torch.nan, constant(blurry, round_spot(2.0)))


def test_the_fit_is_that_of_dense_least_squares():
    generator = torch.Generator().manual_seed(5)
    sharp, blurry = torch.randn(2, 2, 8, 9, generator=generator, dtype=torch.float64)
    guess = torch.rand(3, 3, generator=generator, dtype=torch.float64)
    columns = [sharp.roll((-row, -column), (1, 2)).flatten() for row in range(8) for column in range(9)]
    shifted = torch.stack(columns, 1)  # a kernel of the picture's size, its centre at the first pixel
    whole = torch.zeros(8, 9, dtype=torch.float64)
    whole[:3, :3] = guess
    whole = whole.roll((-1, -1), (0, 1)).flatten()
    tether, ridge = 3.0, 0.7
    system = shifted.T @ shifted + (tether + ridge) * torch.eye(72, dtype=torch.float64)
    solved = torch.linalg.solve(system, shifted.T @ blurry.flatten() + tether * whole).view(8, 9)
    expected = solved.roll((1, 1), (0, 1))[:3, :3]
    torch.testing.assert_close(fitted_kernel(sharp, blurry, guess, tether, ridge), expected)


def test_cleaning_drops_faint_values_and_small_parts_and_centres():
    kernel = torch.zeros(9, 9)
    kernel[2, 2:6] = 1.0
    kernel[3, 2] = 0.1  # faint
    kernel[8, 8] = 0.3  # apart, a fourteenth of the light
    clean = cleaned(kernel, 0.15)
    assert (clean > 0).sum() == 4
    assert clean.sum() == pytest.approx(1)
    assert clean[4, 2:6].tolist() == [0.25] * 4  # centre of mass at 3.5: half a pixel is as near as whole pixels get


def test_a_kernel_resized_there_and_back_keeps_its_place(hook):
    back = resized(resized(hook, 35, 2.0), KERNEL, 0.5)
    assert (back - hook).square().sum() < 0.5 * hook.square().sum()
    steps = torch.arange(KERNEL) - KERNEL // 2
    for axis in (0, 1):
        assert ((back - hook).sum(1 - axis) * steps).sum().abs() < 0.3


def test_what_is_not_trusted_does_not_shape_the_kernel(shot):
    light = to_linear(shot[0], 2.2)[0].mean(0)
    other = light.clone()
    other[:, 96:] = light[:, 96:].flip(0)
    trusted = torch.zeros_like(light)
    trusted[:, :64] = 1
    start = round_spot(3.0)

    def difference(seen):
        return (refine_kernel(light, start, seen) - refine_kernel(other, start, seen)).abs().sum()

    assert difference(trusted) < 0.2 * difference(None)


def test_the_window_is_where_the_edges_are():
    light = torch.zeros(200, 300)
    light[120:180:2, 200:260] = 1
    rows, columns = richest_window(light, torch.ones_like(light), 96)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (96, 96)
    assert {*range(120, 180)} <= {*range(rows.start, rows.stop)}
    assert {*range(200, 260)} <= {*range(columns.start, columns.stop)}
    assert richest_window(light[:50], torch.ones(50, 300), 96) == (slice(0, 50), slice(0, 96))  # no edges


def test_out_of_reach_of_clipping_is_what_a_loop_over_the_clipped_pixels_leaves():
    picture = torch.full((3, 20, 30), 0.5)
    picture[1, 4, 6], picture[2, 15, 29], picture[0, 10, 20] = 1.0, 251 / 255, 249 / 255
    expected = torch.ones(20, 30)
    for row, column in ((4, 6), (15, 29)):
        for down in range(-3, 4):
            for right in range(-3, 4):
                if 0 <= row + down < 20 and 0 <= column + right < 30:
                    expected[row + down, column + right] = 0
    torch.testing.assert_close(out_of_reach_of_clipping(picture, 9), expected)


def test_a_picture_that_clipped_light_fills_keeps_the_estimate(shot):
    blurry, _ = shot
    guess = constant(blurry, round_spot(3.0))
    overexposed = blurry.clone()
    overexposed[..., ::8, ::8] = 1.0
    torch.testing.assert_close(refine_field(overexposed, guess).basis, guess.basis)
    overexposed[..., ::8, ::8], overexposed[..., :4, :4] = blurry[..., ::8, ::8], 1.0
    assert (refine_field(overexposed, guess).basis - guess.basis).abs().max() > 1e-3


def test_one_field_for_several_pictures_is_refused():
    with pytest.raises(ValueError, match="blurry holds 2 pictures, but field 1"):
        refine_field(torch.rand(2, 3, 80, 80), delta_field(torch.rand(1, 3, 80, 80)))


def test_a_field_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"blurry is \[80, 80\], but field \[80, 40\]"):
        refine_field(torch.rand(1, 3, 80, 80), delta_field(torch.rand(1, 3, 80, 40)))
