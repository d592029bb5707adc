"""The robust solver against a literal minimisation, and laws a photographer would expect."""

import pytest
import torch

from deblur_lightning import KernelField
from deblur_lightning.exposure import EVERY_SIDE, Sides
from deblur_lightning.field import delta_field
from deblur_lightning.physics import blur, shake_kernels
from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_
from deblur_lightning.physics.edges import add_differences_transposed_, differences
from deblur_lightning.restoration import deconvolve, richardson_lucy


def shaken(height: int = 72, width: int = 85, *, channels: int = 3, noise: float = 0.005):
    """A sharp picture of coloured squares, the blurry one a larger scene gives, and its smoothly varying field."""
    generator = torch.Generator().manual_seed(3)
    kernels = shake_kernels(2, 15, generator=generator).double().unsqueeze(0)
    slope = torch.linspace(0, 1, width, dtype=torch.float64).expand(height, width)
    field = KernelField(kernels, torch.stack((slope, 1 - slope)).unsqueeze(0))
    coarse = torch.rand(1, channels, 8, 9, generator=generator, dtype=torch.float64) * 0.8 + 0.1
    scene = coarse.repeat_interleave(12, -2).repeat_interleave(12, -1)[..., : height + 14, : width + 14]
    light = blur(scene**2.2, field, "valid")
    light += noise * torch.randn(light.shape, generator=generator, dtype=torch.float64)
    return scene[..., 7:-7, 7:-7], light.clamp(0, 1) ** (1 / 2.2), field


def psnr(image, sharp):
    return -10 * (image - sharp).square().mean().log10().item()


def test_with_exponent_two_it_solves_the_linear_system_written_out():
    generator = torch.Generator().manual_seed(2)
    blurry = torch.rand(1, 1, 9, 11, generator=generator, dtype=torch.float64) * 0.5 + 0.3
    kernels = torch.rand(1, 2, 3, 3, generator=generator, dtype=torch.float64)
    mixture = torch.rand(1, 2, 9, 11, generator=generator, dtype=torch.float64).softmax(1)
    field = KernelField(kernels / kernels.sum((-2, -1), keepdim=True), mixture)
    pixels = torch.eye(11 * 13, dtype=torch.float64).view(-1, 1, 11, 13)
    matrix = blur(pixels, field, "valid").flatten(1).T
    across, down = (slope.flatten(1).T for slope in differences(pixels))
    smoothing = 0.1 * 0.1 * (across.T @ across + down.T @ down)
    wanted = torch.linalg.solve(matrix.T @ matrix + smoothing, matrix.T @ blurry.flatten())
    got = deconvolve(blurry, field, gamma=1.0, noise=0.1, exponent=2.0, outer=1, inner=300)
    cut = wanted.view(1, 1, 11, 13)[..., 1:-1, 1:-1].clamp(0, 1)
    torch.testing.assert_close(got, cut, rtol=0, atol=1e-8)


def test_conjugate_gradients_solve_n_equations_in_n_steps():
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(7, 7, generator=generator, dtype=torch.float64)
    matrix, wanted = factor @ factor.T + torch.eye(7), torch.randn(7, generator=generator, dtype=torch.float64)
    got = conjugate_gradients_(torch.zeros(7).double(), lambda x: matrix @ x, wanted.clone(), 7)
    torch.testing.assert_close(got, torch.linalg.solve(matrix, wanted), rtol=1e-9, atol=1e-9)


def test_conjugate_gradients_that_may_undo_exactly_need_one_step():
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(7, 7, generator=generator, dtype=torch.float64)
    matrix, wanted = factor @ factor.T + torch.eye(7), torch.randn(7, generator=generator, dtype=torch.float64)
    solution = torch.linalg.solve(matrix, wanted)
    got = conjugate_gradients_(torch.zeros(7).double(), lambda x: matrix @ x, wanted.clone(), 1, matrix.inverse().mv)
    torch.testing.assert_close(got, solution, rtol=1e-9, atol=1e-9)
    rough = torch.diag(matrix.diagonal().reciprocal())
    got = conjugate_gradients_(torch.zeros(7).double(), lambda x: matrix @ x, wanted.clone(), 7, rough.mv)
    torch.testing.assert_close(got, solution, rtol=1e-9, atol=1e-9)


def test_conjugate_gradients_go_on_from_a_known_image_and_keep_it():
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(7, 7, generator=generator, dtype=torch.float64)
    matrix, wanted = factor @ factor.T + torch.eye(7), torch.randn(7, generator=generator, dtype=torch.float64)
    looked: list[torch.Tensor] = []

    def normal(x: torch.Tensor) -> torch.Tensor:
        looked.append(x)
        return matrix @ x

    start = torch.randn(7, generator=generator, dtype=torch.float64)
    image = matrix @ start
    got = conjugate_gradients_(start.clone(), normal, wanted.clone(), 3, image=image)
    assert len(looked) == 3
    torch.testing.assert_close(image, matrix @ got, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        got, conjugate_gradients_(start.clone(), normal, wanted.clone(), 3), rtol=1e-9, atol=1e-9
    )
    assert len(looked) == 3 + 4


def test_conjugate_gradients_stay_at_a_solution_where_there_are_many():
    generator = torch.Generator().manual_seed(0)
    row, start = torch.rand(2, 25, generator=generator)
    row /= row.sum()
    nearest = start + row * (0.5 - row @ start) / (row @ row)  # to the start, of all that row multiplies to 0.5
    got = conjugate_gradients_(start.clone(), lambda x: row * (row @ x), row * 0.5, 60)
    torch.testing.assert_close(got, nearest, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 8), (20, 21)])
def test_an_even_picture_stays_as_it_is_without_a_prior_however_many_the_steps(size):
    kernels = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(1))
    field = KernelField(kernels / kernels.sum(), torch.ones(1, 1, *size))
    for inner in (10, 100):
        got = deconvolve(torch.full((1, 1, *size), 0.5), field, regularization=0, inner=inner)
        torch.testing.assert_close(got, torch.full_like(got, 0.5), rtol=0, atol=1e-3)


def test_differences_and_their_transpose_agree():
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(2, 3, 7, 9, generator=generator, dtype=torch.float64)
    across, down = differences(image)
    right, below = torch.randn_like(across), torch.randn_like(down)
    back = add_differences_transposed_(torch.zeros_like(image), right, below)
    torch.testing.assert_close((across * right).sum() + (down * below).sum(), (image * back).sum())


@pytest.mark.parametrize(("brightest", "updates"), [(0.9, 7), (1.0, 30)])
def test_it_begins_with_richardson_lucy_and_with_more_of_it_where_pixels_are_clipped(brightest, updates):
    _, blurry, field = shaken()
    blurry = blurry * brightest / blurry.max()
    options = {"method": "saturated", "acceleration": True, "regularization": 0.0, "tolerance": 0.0}
    lucy = richardson_lucy(blurry, field, updates, **options)
    torch.testing.assert_close(deconvolve(blurry, field, start=7, outer=0), lucy, rtol=0, atol=2e-3)  # black is 2e-3


def test_without_a_start_and_without_steps_the_picture_stays():
    _, blurry, field = shaken()
    blurry = blurry * 0.9 / blurry.max()
    torch.testing.assert_close(deconvolve(blurry, field, start=0, outer=0), blurry, rtol=0, atol=2e-3)


def test_its_start_saves_more_than_it_costs():
    sharp, blurry, field = shaken()
    few = psnr(deconvolve(blurry, field, start=15, outer=2, inner=10), sharp)  # 35 blurs and as many transposes
    assert few > psnr(deconvolve(blurry, field, start=0, outer=4, inner=12), sharp) + 0.1


def test_what_was_blurred_with_zeros_beyond_is_restored_with_dark_sides():
    sharp, _, field = shaken()
    generator = torch.Generator().manual_seed(1)
    light = blur(sharp**2.2, field, "zeros")
    blurry = (light + 0.002 * torch.randn(light.shape, generator=generator)).clamp(0, 1) ** (1 / 2.2)
    for start in (0, 15):
        plain = psnr(deconvolve(blurry, field, start=start), sharp)
        assert psnr(deconvolve(blurry, field, start=start, dark=EVERY_SIDE), sharp) > plain + 1
    with pytest.raises(ValueError, match="Pass border='extended'"):
        deconvolve(blurry, field, dark=EVERY_SIDE, border="reflect")


def test_dark_sides_are_solved_for_as_the_system_without_them():
    generator = torch.Generator().manual_seed(2)
    blurry = torch.rand(1, 1, 9, 11, generator=generator, dtype=torch.float64) * 0.5 + 0.3
    kernel = torch.rand(1, 1, 3, 3, generator=generator, dtype=torch.float64)
    field = KernelField(kernel / kernel.sum(), torch.ones(1, 1, 9, 11, dtype=torch.float64))
    pixels = torch.eye(11 * 13, dtype=torch.float64).view(-1, 1, 11, 13)
    lit = torch.zeros(11, 13, dtype=torch.bool)
    lit[1:, :-1] = True  # dark above and to the right
    matrix = blur(pixels, field, "valid").flatten(1).T[:, lit.flatten()]
    across, down = (slope.flatten(1).T[:, lit.flatten()] for slope in differences(pixels))
    smoothing = 0.1 * 0.1 * (across.T @ across + down.T @ down)
    solved = torch.linalg.solve(matrix.T @ matrix + smoothing, matrix.T @ blurry.flatten())
    wanted = torch.zeros(11, 13, dtype=torch.float64)
    wanted[lit] = solved
    got = deconvolve(
        blurry, field, gamma=1.0, noise=0.1, exponent=2.0, outer=1, inner=300, dark=Sides(top=True, right=True)
    )
    torch.testing.assert_close(got, wanted[None, None, 1:-1, 1:-1].clamp(0, 1), rtol=0, atol=1e-8)


def test_it_beats_thirty_richardson_lucy_updates_by_a_decibel():
    sharp, blurry, field = shaken()
    assert psnr(deconvolve(blurry, field), sharp) > psnr(richardson_lucy(blurry, field), sharp) + 1


def test_a_picture_without_blur_keeps_its_edges():
    sharp, _, _ = shaken()
    assert psnr(deconvolve(sharp, delta_field(sharp, 13)), sharp) > 40


def test_strength_goes_from_the_photo_itself_to_the_full_restoration():
    _, blurry, field = shaken()
    full = deconvolve(blurry, field)
    torch.testing.assert_close(deconvolve(blurry, field, strength=0.0), blurry, rtol=0, atol=1e-12)
    torch.testing.assert_close(deconvolve(blurry, field, strength=0.5), (blurry + full) / 2, rtol=0, atol=1e-12)


def test_with_a_wrong_field_values_stay_near_the_blurry_picture_s():
    _, blurry, field = shaken()
    wrong = field._replace(basis=field.basis.flip(-1))
    limited = deconvolve(blurry, wrong, allowance=0.25)
    for channel in range(3):
        for row, column in ((0, 0), (30, 40), (71, 84)):
            rows, columns = slice(max(row - 7, 0), row + 8), slice(max(column - 7, 0), column + 8)
            low, high = blurry[0, channel, rows, columns].aminmax()
            slack = 0.25 * (high - low) + 1e-12
            assert low - slack <= limited[0, channel, row, column] <= high + slack
    assert (deconvolve(blurry, wrong) - limited).abs().max() > 0.05


@pytest.mark.parametrize("peak", [3.0, 12.0])
def test_a_light_beyond_the_ceiling_does_not_harm_what_is_around_it(peak):
    _, _, field = shaken()
    scene = torch.full((1, 3, 86, 99), 0.2, dtype=torch.float64)
    scene[..., 40:44, 50:54] = peak
    blurry = blur(scene, field, "valid").clamp(max=1) ** (1 / 2.2)
    truth = scene[..., 7:-7, 7:-7].clamp(max=1) ** (1 / 2.2)
    restored = deconvolve(blurry, field, noise=0.002)
    assert (restored - truth).square().mean() < (blurry - truth).square().mean()


def test_one_picture_does_not_change_what_becomes_of_another():
    _, blurry, field = shaken()
    batch = torch.cat((blurry, blurry.flip(-1)))
    apart = [deconvolve(picture.unsqueeze(0), field) for picture in batch]
    assert torch.equal(deconvolve(batch, field), torch.cat(apart))


def test_gray_black_white_and_half_precision_pictures_work():
    sharp, blurry, field = shaken(channels=1)
    assert psnr(deconvolve(blurry, field), sharp) > psnr(blurry, sharp) + 3
    restored = deconvolve(blurry.half(), field.to(dtype=torch.float32))
    assert restored.dtype == torch.float32
    for value in (0.0, 1.0):
        assert (deconvolve(torch.full_like(blurry, value), field) - value).abs().max() < 0.02


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"blurry": torch.full((2, 3, 20, 20), torch.nan)}, "Find where it came from"),
        ({"blurry": torch.zeros(2, 3, 20, 21)}, "Resize the coefficients"),
        ({"noise": -0.1}, "Pass a standard deviation"),
        ({"regularization": float("nan")}, "Pass 0 or more"),
        ({"exponent": 0.0}, "Pass 0.8"),
        ({"strength": 1.5}, "Pass 0 \\(nothing\\) to 1"),
        ({"border": "zeros"}, "Pass one of extended"),
        ({"inner": -1}, "Pass 0 or more"),
        ({"start": 1.5}, "start is 1.5, but it counts steps. Pass a whole number"),
        ({"outer": 0.5}, "outer is 0.5, but it counts steps. Pass a whole number"),
        ({"inner": float("inf")}, "inner is inf, but it counts steps. Pass a whole number"),
    ],
)
def test_what_cannot_be_restored_is_refused_with_the_remedy(change, remedy):
    arguments = {"blurry": torch.zeros(2, 3, 20, 20), "field": delta_field(torch.zeros(2, 3, 20, 20), 5)} | change
    with pytest.raises(ValueError, match=remedy):
        deconvolve(**arguments)
