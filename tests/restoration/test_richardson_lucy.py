"""Richardson-Lucy against its formulas written out, a second implementation, and laws a photographer would expect."""

import pytest
import torch
import torch.nn.functional as F
from skimage.restoration import richardson_lucy as uniform_richardson_lucy
from torch import Tensor

from deblur_lightning import KernelField
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Sides
from deblur_lightning.field import delta_field
from deblur_lightning.physics import blur, blur_adjoint, saturate, saturate_derivative, shake_kernels
from deblur_lightning.restoration import richardson_lucy

METHODS = ["basic", "saturated", "combined"]


def random_field(basis: int, size: int, height: int, width: int, *, pictures: int = 2, seed: int = 0) -> KernelField:
    generator = torch.Generator().manual_seed(seed)
    kernels = torch.randn(pictures, basis, size * size, generator=generator, dtype=torch.float64)
    mixture = torch.randn(pictures, basis, height, width, generator=generator, dtype=torch.float64)
    return KernelField(kernels.softmax(-1).view(pictures, basis, size, size), mixture.softmax(1))


def blocks(height: int, width: int, *, pictures: int = 1, channels: int = 3, seed: int = 1) -> Tensor:
    """Squares of random colours: edges everywhere, flat between them."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(pictures, channels, height // 12 + 1, width // 12 + 1, generator=generator, dtype=torch.float64)
    return coarse.repeat_interleave(12, -2).repeat_interleave(12, -1)[..., :height, :width] * 0.8 + 0.1


def shaken(height: int = 72, width: int = 85, *, channels: int = 3, gamma: float = 2.2, noise: float = 0.005):
    """A sharp picture, the blurry one a larger scene gives, and its smoothly varying field."""
    generator = torch.Generator().manual_seed(3)
    kernels = shake_kernels(3, 15, generator=generator).double().unsqueeze(0)
    slope = torch.linspace(0, 1, width, dtype=torch.float64).expand(height, width)
    mixture = torch.stack((slope, 1 - slope, torch.full_like(slope, 0.5))).unsqueeze(0) / 1.5
    field = KernelField(kernels, mixture)
    scene = blocks(height + 14, width + 14, channels=channels)
    blurry = blur(scene**gamma, field, "valid") ** (1 / gamma)
    blurry += noise * torch.randn(blurry.shape, generator=generator, dtype=torch.float64)
    return scene[..., 7:-7, 7:-7], blurry.clamp(0, 1), field


def psnr(image: Tensor, sharp: Tensor) -> float:
    return -10 * (image - sharp).square().mean().log10().item()


def published_curvature(image: Tensor, padding: str) -> Tensor:
    across = image.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    def along(plane: Tensor, mask: Tensor) -> Tensor:
        mask = mask.expand(plane.shape[1], 1, 3, 3)
        return F.conv2d(F.pad(plane, (1, 1, 1, 1), mode=padding), mask, groups=plane.shape[1])

    right, down = along(image, across), along(image, across.T)
    length = (right**2 + down**2).sqrt()
    right, down = (torch.where(length < 1e-9, 1e-9, slope / length) for slope in (right, down))
    return along(right, across) + along(down, across.T)


def literal(
    blurry: Tensor,
    field: KernelField,
    iterations: int,
    method: str,
    adjoint: str,
    border: str,
    *,
    dark_top: bool = False,
) -> Tensor:
    """The updates as the docstring gives them, whole tensors at a time."""
    radius, light = field.kernel_size // 2, blurry**2.2
    padding = "valid" if border == "extended" else "reflect"
    sharp = F.pad(light, (radius,) * 4, mode="reflect") if border == "extended" else light
    if dark_top:
        sharp[..., :radius, :] = 0
    flipped = KernelField(field.basis.flip(-2, -1), field.coefficients)

    def back(image: Tensor) -> Tensor:
        if adjoint == "published":
            return blur(image, flipped)
        reach = blur_adjoint(torch.ones_like(image), field, padding)
        return torch.where(
            reach > 0.01,
            blur_adjoint(image, field, padding) / reach,
            1 + (blur_adjoint(image - 1, field, padding) / 0.01),
        )

    for _ in range(iterations):
        display, reblurred = sharp ** (1 / 2.2), blur(sharp, field, padding)
        response, slope = saturate(reblurred) + 1e-6, saturate_derivative(reblurred)
        if method == "basic":
            updated = sharp * back(light / (reblurred + 1e-6))
        elif method == "saturated":
            updated = sharp * back(light * slope / response + 1 - slope)
        else:
            near = F.conv2d(
                (display >= 0.99).double().flatten(0, 1)[:, None], torch.ones(1, 1, 3, 3).double(), padding=1
            )
            share = F.conv2d((near == 0).double(), torch.ones(1, 1, 3, 3).double() / 9, padding=1)
            share = share.view_as(sharp)
            seen = share[..., radius:-radius, radius:-radius] if border == "extended" else share
            unsaturated = back(light * slope * seen / response + 1 - slope * seen)
            saturated = back(light * slope / response + 1 - slope)
            updated = (
                (display * share) * unsaturated ** (1 / 2.2) + (display - display * share) * saturated ** (1 / 2.2)
            ) ** 2.2
        curvature = published_curvature(display, "constant" if adjoint == "published" else "replicate")
        sharp = (updated ** (1 / 2.2) / (1 - 1e-3 * curvature)) ** 2.2
    restored = (sharp ** (1 / 2.2)).clamp(0, 1)
    return restored[..., radius:-radius, radius:-radius] if border == "extended" else restored


@pytest.mark.parametrize(("adjoint", "border"), [("exact", "extended"), ("exact", "reflect"), ("published", "reflect")])
@pytest.mark.parametrize("method", METHODS)
def test_each_update_is_the_formula_written_out(method, adjoint, border):
    field = random_field(4, 11, 70, 83)
    generator = torch.Generator().manual_seed(5)
    blurry = torch.rand(2, 3, 70, 83, generator=generator, dtype=torch.float64) * 0.9 + 0.1
    got = richardson_lucy(blurry, field, 3, method=method, adjoint=adjoint, border=border, tolerance=0, rims_held=False)
    torch.testing.assert_close(got, literal(blurry, field, 3, method, adjoint, border), rtol=0, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_beyond_a_dark_side_no_light_is_looked_for(method):
    field = random_field(4, 11, 70, 83)
    blurry = torch.rand(2, 3, 70, 83, generator=torch.Generator().manual_seed(5), dtype=torch.float64) * 0.9 + 0.1
    got = richardson_lucy(blurry, field, 3, method=method, dark=Sides(top=True), tolerance=0, rims_held=False)
    wanted = literal(blurry, field, 3, method, "exact", "extended", dark_top=True)
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-10)


def test_what_was_blurred_with_zeros_beyond_is_restored_with_dark_sides():
    sharp, _, field = shaken()
    blurry = blur(sharp**2.2, field, "zeros") ** (1 / 2.2)

    def error(dark: Sides, border: tuple[slice, ...]) -> float:
        restored = richardson_lucy(blurry, field, 30, dark=dark, tolerance=0)
        return (restored - sharp)[..., *border].square().mean().item()

    everything, left = (slice(None), slice(None)), (slice(None), slice(4))
    assert error(EVERY_SIDE, everything) < 0.8 * error(NO_SIDE, everything)
    assert error(EVERY_SIDE, left) < 0.5 * error(NO_SIDE, left)
    assert error(EVERY_SIDE._replace(left=False), left) > 0.8 * error(NO_SIDE, left)


def test_a_uniform_blur_away_from_the_border_is_undone_as_scikit_image_does():
    kernel = random_field(1, 5, 90, 97, pictures=1).basis
    field = KernelField(kernel, torch.ones(1, 1, 90, 97, dtype=torch.float64))
    blurry = blur(blocks(90, 97, channels=1), field)
    gray = torch.full_like(blurry, 0.5)
    got = richardson_lucy(blurry, field, 5, initial=gray, gamma=1.0, regularization=0, border="reflect", tolerance=0)
    light_path = kernel[0, 0].flip(-2, -1).numpy()
    wanted = torch.from_numpy(uniform_richardson_lucy(blurry[0, 0].numpy(), light_path, 5, clip=True))
    unreached = (slice(24, -24), slice(24, -24))  # two kernels a step, from the border
    torch.testing.assert_close(got[0, 0][unreached], wanted[unreached], rtol=0, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_sharpens_a_shaken_picture(method):
    sharp, blurry, field = shaken()
    assert psnr(richardson_lucy(blurry, field, 20, method=method), sharp) > psnr(blurry, sharp) + 3


def test_a_picture_without_blur_stays_as_it_is():
    sharp = blocks(40, 53).float()
    restored = richardson_lucy(sharp, delta_field(sharp, 13), regularization=0)
    torch.testing.assert_close(restored, sharp, rtol=0, atol=1e-4)


def test_one_picture_does_not_change_what_becomes_of_another():
    _, blurry, field = shaken()
    batch = torch.cat((blurry, blocks(72, 85, seed=8)))
    together = richardson_lucy(batch, field, 12, tolerance=2e-5)
    apart = [richardson_lucy(picture.unsqueeze(0), field, 12, tolerance=2e-5) for picture in batch]
    assert torch.equal(together, torch.cat(apart))


def test_a_picture_stops_when_its_reblur_error_hardly_improves():
    _, blurry, field = shaken()
    errors: list[float] = []
    stopped = richardson_lucy(blurry, field, 200, tolerance=1e-5, callback=lambda *seen: errors.append(seen[2]))
    assert 3 < len(errors) < 60
    assert errors[-2] - errors[-1] < 1e-5 <= errors[-3] - errors[-2]
    assert torch.equal(stopped, richardson_lucy(blurry, field, len(errors) - 1, tolerance=0))


def test_acceleration_halves_the_iterations():
    sharp, blurry, field = shaken()
    plain = richardson_lucy(blurry, field, 30, tolerance=0)
    swift = richardson_lucy(blurry, field, 15, acceleration=True, tolerance=0)
    assert psnr(swift, sharp) > psnr(plain, sharp) - 0.3
    assert psnr(richardson_lucy(blurry, field, 15, tolerance=0), sharp) < psnr(swift, sharp) - 0.5


def test_light_from_beyond_an_extended_border_does_not_ring():
    _, _, field = shaken()
    scene = torch.full((1, 3, 86, 99), 0.9, dtype=torch.float64)
    scene[..., 7:-7, 7:-7] = 0.3
    blurry = blur(scene**2.2, field, "valid") ** (1 / 2.2)

    def error(border: str) -> float:
        restored = richardson_lucy(blurry, field, 30, border=border, tolerance=0)
        return (restored - 0.3).square().mean().item()

    assert error("extended") < 0.5 * error("reflect")


def test_a_light_that_outshines_the_sensor_leaves_no_dark_halo_when_saturation_is_known():
    _, _, field = shaken()
    scene = torch.full((1, 3, 86, 99), 0.2, dtype=torch.float64)
    scene[..., 40:44, 50:54] = 12.0
    blurry = (blur(scene, field, "valid").clamp(max=1)) ** (1 / 2.2)
    truth = scene[..., 7:-7, 7:-7].clamp(max=1) ** (1 / 2.2)

    def error(method: str) -> float:
        return (richardson_lucy(blurry, field, 100, method=method, tolerance=0) - truth).square().mean().item()

    assert error("saturated") < 0.5 * error("basic")
    assert error("combined") < 0.5 * error("basic")


def test_gray_pictures_and_one_field_for_all_work():
    _, blurry, field = shaken(channels=1)
    restored = richardson_lucy(blurry.expand(2, -1, -1, -1), field, 10)
    assert restored.shape == (2, 1, 72, 85)
    assert torch.equal(restored[0], restored[1])


def test_half_precision_and_autocast_compute_in_single_precision():
    _, blurry, field = shaken()
    blurry, field = blurry.half(), field.to(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        restored = richardson_lucy(blurry, field, 3)
    assert restored.dtype == torch.float32
    torch.testing.assert_close(restored, richardson_lucy(blurry.float(), field, 3), rtol=0, atol=1e-6)


def test_black_and_white_pictures_stay_finite():
    _, blurry, field = shaken()
    for value in (0.0, 1.0):
        for method in METHODS:
            restored = richardson_lucy(
                torch.full_like(blurry, value).float(), field.to(dtype=torch.float32), method=method
            )
            assert (restored - value).abs().max() < 0.02


def test_nothing_is_kept_for_gradients():
    _, blurry, field = shaken()
    assert not richardson_lucy(blurry.requires_grad_(), field, 2).requires_grad


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"blurry": torch.full((1, 3, 20, 20), torch.nan)}, "Find where it came from"),
        ({"blurry": torch.full((1, 3, 20, 20), 200.0)}, "Divide it by 255"),
        ({"blurry": torch.zeros(3, 20, 20)}, "unsqueeze"),
        ({"blurry": torch.zeros(1, 3, 20, 21)}, "Resize the coefficients"),
        ({"blurry": torch.zeros(3, 3, 20, 20)}, "Pass one field, or one a picture"),
        ({"field": KernelField(torch.ones(1, 2, 3, 3), torch.ones(1, 2, 20, 20) / 2)}, "Divide by the sum"),
        ({"initial": torch.zeros(2, 3, 20, 21)}, "Pass the same shape"),
        ({"method": "magic"}, "Pass one of basic"),
        ({"adjoint": "approximate"}, "Pass one of exact"),
        ({"border": "zeros"}, "Pass one of extended"),
        ({"adjoint": "published", "border": "extended"}, "Pass border='reflect'"),
        ({"border": "reflect", "dark": EVERY_SIDE}, "Pass border='extended'"),
        ({"iterations": -1}, "Pass 30, or 0 for none"),
        ({"iterations": 2.5}, "Pass 30, or 0 for none"),
        ({"iterations": float("inf")}, "Pass 30, or 0 for none"),
        ({"gamma": float("nan")}, "Pass 2.2"),
        ({"regularization": 0.1}, "Pass 1e-3"),
        ({"tolerance": -1.0}, "Pass 1e-6"),
    ],
)
def test_what_cannot_be_restored_is_refused_with_the_remedy(change, remedy):
    plain = torch.zeros(2, 3, 20, 20)
    arguments = {"blurry": plain, "field": random_field(2, 3, 20, 20).to(dtype=torch.float32)} | change
    with pytest.raises(ValueError, match=remedy):
        richardson_lucy(**arguments)


def test_a_file_s_name_beside_a_picture_to_start_from_is_told_how_to_be_read():
    with pytest.raises(TypeError, match="Read a file by read_photo"):
        richardson_lucy("photo.png", random_field(1, 3, 20, 20), initial=torch.zeros(1, 3, 20, 20))
