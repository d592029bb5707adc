"""Blur and its transpose against a loop over pixels and taps, for every padding."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.filters import filter2d
from torch import Tensor

from deblur_lightning import KernelField
from deblur_lightning.field import check_field, check_field_shape, delta_field
from deblur_lightning.physics import BlurOperator, blur, blur_adjoint

PADDINGS = ["reflect", "replicate", "circular", "zeros", "valid"]
NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap", "zeros": "constant"}
SMALL, LARGE = 5, 11  # kernels below and above the size where transforms take over


def random_field(basis: int, size: int, height: int, width: int, *, pictures: int = 2, seed: int = 0) -> KernelField:
    generator = torch.Generator().manual_seed(seed)
    kernels = torch.randn(pictures, basis, size * size, generator=generator, dtype=torch.float64)
    mixture = torch.randn(pictures, basis, height, width, generator=generator, dtype=torch.float64)
    return KernelField(kernels.softmax(-1).view(pictures, basis, size, size), mixture.softmax(1))


def random_image(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def picture_for(field: KernelField, padding: str, channels: int = 3) -> Tensor:
    margin = field.kernel_size - 1 if padding == "valid" else 0
    pictures, _, height, width = field.coefficients.shape
    return random_image(pictures, channels, height + margin, width + margin)


def pixel_by_pixel(image: Tensor, field: KernelField, padding: str) -> Tensor:
    size, radius = field.kernel_size, field.kernel_size // 2
    if padding != "valid":
        margins = ((0, 0), (0, 0), (radius, radius), (radius, radius))
        image = torch.from_numpy(np.pad(image.numpy(), margins, mode=NUMPY_MODES[padding]))
    blurry = image.new_empty(*image.shape[:2], *field.coefficients.shape[-2:])
    for row in range(blurry.shape[-2]):
        for column in range(blurry.shape[-1]):
            under = image[..., row : row + size, column : column + size]
            blurry[..., row, column] = (under * field.kernel_at(row, column).unsqueeze(1)).sum(dim=(-2, -1))
    return blurry


def assert_same(got: Tensor, wanted: Tensor, relative: float = 1e-11) -> None:
    torch.testing.assert_close(got, wanted, rtol=0, atol=relative * wanted.abs().max().item())


@pytest.mark.parametrize("size", [1, SMALL, LARGE])
@pytest.mark.parametrize("padding", PADDINGS)
def test_each_pixel_is_the_inner_product_of_its_kernel_and_what_lies_under_it(padding, size):
    field = random_field(4, size, 9, 12)
    image = picture_for(field, padding)
    assert_same(blur(image, field, padding), pixel_by_pixel(image, field, padding))


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("padding", ["reflect", "replicate", "circular"])
def test_blur_is_kornias_filter_of_each_basis_kernel_mixed_by_the_coefficients(padding, size):
    field = random_field(4, size, 13, 12)
    image = random_image(2, 3, 13, 12)
    filtered = [filter2d(image, field.basis[:, number], padding) for number in range(4)]
    mixed = sum(field.coefficients[:, number, None] * one for number, one in enumerate(filtered))
    assert_same(blur(image, field, padding), mixed)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(0, 20).map(lambda radius: 2 * radius + 1),
    basis=st.integers(1, 6),
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    channels=st.integers(1, 4),
    padding=st.sampled_from(PADDINGS),
)
def test_any_size_gives_the_right_answer_even_pictures_smaller_than_the_kernel(
    size, basis, height, width, channels, padding
):
    field = random_field(basis, size, height, width)
    image = picture_for(field, padding, channels)
    blurry = blur(image, field, padding)
    assert_same(blurry, pixel_by_pixel(image, field, padding))
    other = random_image(*blurry.shape, seed=2)
    forward, backward = (blurry * other).sum(), (image * blur_adjoint(other, field, padding)).sum()
    torch.testing.assert_close(forward, backward, rtol=1e-10, atol=0)


def scattered_field(basis: int, size: int, height: int, width: int) -> KernelField:
    """The first kernel nearly everywhere, each of the others on one pixel and in one small square."""
    generator = np.random.default_rng(3)
    owner = np.zeros((height, width), dtype=int)
    for kernel in range(1, basis):
        for side in (1, 7):
            top, left = generator.integers(height - side), generator.integers(width - side)
            owner[top : top + side, left : left + side] = kernel
    shares = torch.from_numpy(np.stack([owner == kernel for kernel in range(basis)])).double()
    return random_field(basis, size, height, width, pictures=1)._replace(coefficients=shares.unsqueeze(0))


@pytest.mark.parametrize("basis", [2, 9, 24])
def test_kernels_that_parts_of_a_picture_do_not_use_are_left_out_of_nothing_else(basis):
    field = scattered_field(basis, LARGE, 310, 150)
    image = random_image(1, 3, 310 + LARGE - 1, 150 + LARGE - 1)
    coefficients, kernels = field.coefficients.clone().requires_grad_(), field.basis.clone().requires_grad_()
    blurry = blur(image, KernelField(kernels, coefficients), "valid")
    alone = torch.stack([F.conv2d(image[0].unsqueeze(1), kernel[None, None]).squeeze(1) for kernel in field.basis[0]])
    assert_same(blurry.detach(), torch.einsum("bhw,bchw->chw", field.coefficients[0], alone).unsqueeze(0))
    other = random_image(*blurry.shape, seed=2)
    forward, backward = (blurry * other).sum(), (image * blur_adjoint(other, field, "valid")).sum()
    torch.testing.assert_close(forward.detach(), backward, rtol=1e-10, atol=0)
    forward.backward()
    assert_same(coefficients.grad[0], torch.einsum("chw,bchw->bhw", other[0], alone))
    for number, share in enumerate(field.coefficients[0]):
        lags = F.conv2d(image[0].unsqueeze(0), (share * other[0]).unsqueeze(0))
        assert_same(kernels.grad[0, number], lags[0, 0])


def test_two_pictures_leave_out_kernels_of_their_own():
    one = scattered_field(6, LARGE, 200, 150)
    other = KernelField(one.basis.flip(1), one.coefficients.flip(1, 2))
    both = KernelField(*(torch.cat(parts) for parts in zip(one, other, strict=True)))
    image = random_image(2, 3, 200, 150)
    assert_same(blur(image, both), torch.cat([blur(image[:1], one), blur(image[1:], other)]))
    back = torch.cat([blur_adjoint(image[:1], one), blur_adjoint(image[1:], other)])
    assert_same(blur_adjoint(image, both), back)


@pytest.mark.parametrize(
    ("size", "basis", "height", "width"), [(65, 3, 70, 300), (65, 1, 300, 70), (33, 64, 250, 40), (7, 25, 600, 33)]
)
@pytest.mark.parametrize("padding", PADDINGS)
def test_tiles_and_strips_meet_without_a_seam_and_the_transpose_is_exact(padding, size, basis, height, width):
    field = random_field(basis, size, height, width, pictures=1)
    image = picture_for(field, padding)
    whole = blur(image, field, padding)
    other = random_image(*whole.shape, seed=2)
    torch.testing.assert_close(
        (whole * other).sum(), (image * blur_adjoint(other, field, padding)).sum(), rtol=1e-10, atol=0
    )
    if padding == "valid":
        margin, top, left = size - 1, height // 3, width // 3
        part = image[..., top : top + 20 + margin, left : left + 10 + margin]
        assert_same(blur(part, field.crop(top, left, 20, 10), padding), whole[..., top : top + 20, left : left + 10])


@pytest.mark.parametrize("operator", [blur, blur_adjoint])
@pytest.mark.parametrize(("size", "basis"), [(3, 3), (LARGE, 3), (LARGE, 1)])
@pytest.mark.parametrize("padding", PADDINGS)
def test_gradcheck_by_image_basis_and_coefficients(padding, size, basis, operator):
    field = random_field(basis, size, 4, 5, pictures=1)
    image = picture_for(field, padding if operator is blur else "zeros", channels=2)
    inputs = [tensor.requires_grad_() for tensor in (image, *field)]
    assert torch.autograd.gradcheck(
        lambda image, *field: operator(image, KernelField(*field), padding), inputs, fast_mode=True, atol=1e-6
    )


@pytest.mark.parametrize("operator", [blur, blur_adjoint])
@pytest.mark.parametrize(("size", "basis"), [(SMALL, 5), (LARGE, 5), (LARGE, 1)])
def test_gradients_equal_those_of_the_written_out_blur(size, basis, operator):
    field = random_field(basis, size, 13, 9)
    margin = size - 1 if operator is blur else 0
    image, target = random_image(2, 3, 13 + margin, 9 + margin), random_image(2, 3, 13, 9, seed=3)
    inputs = [tensor.requires_grad_() for tensor in (image, *field)]
    if operator is blur:
        wanted = torch.zeros_like(target)
        for row in range(size):
            for column in range(size):
                taps = torch.einsum("nb,nbhw->nhw", field.basis[..., row, column], field.coefficients)
                wanted = wanted + taps.unsqueeze(1) * image[..., row : row + 13, column : column + 9]
    else:
        wanted = torch.zeros(2, 3, 13 + size - 1, 9 + size - 1, dtype=torch.float64)
        target = random_image(*wanted.shape, seed=3)
        for row in range(size):
            for column in range(size):
                taps = torch.einsum("nb,nbhw->nhw", field.basis[..., row, column], field.coefficients)
                share = taps.unsqueeze(1) * image
                wanted = wanted + torch.nn.functional.pad(share, (column, size - 1 - column, row, size - 1 - row))
    got = operator(image, field, "valid")
    for ours, theirs in zip(
        torch.autograd.grad((got - target).square().sum(), inputs),
        torch.autograd.grad((wanted - target).square().sum(), inputs),
        strict=True,
    ):
        assert_same(ours, theirs)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_second_derivative_is_refused_not_wrong(size):
    field = random_field(2, size, 6, 7)
    image = random_image(2, 3, 6, 7).requires_grad_()
    coefficients = field.coefficients.requires_grad_()
    first = torch.autograd.grad(blur(image, field).square().sum(), coefficients, create_graph=True)[0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


@pytest.mark.parametrize(("size", "basis"), [(SMALL, 3), (LARGE, 3), (LARGE, 1)])
def test_one_field_serves_many_pictures_and_collects_their_gradients(size, basis):
    field = random_field(basis, size, 8, 9, pictures=1)
    image = random_image(4, 3, 8, 9)
    repeated = KernelField(*(tensor.repeat(4, 1, 1, 1) for tensor in field))
    assert_same(blur(image, field), blur(image, repeated))
    assert_same(blur_adjoint(image, field), blur_adjoint(image, repeated))
    ours = [tensor.requires_grad_() for tensor in field]
    theirs = [tensor.requires_grad_() for tensor in repeated]
    for got, wanted in zip(
        torch.autograd.grad(blur(image, field).square().sum(), ours),
        torch.autograd.grad(blur(image, repeated).square().sum(), theirs),
        strict=True,
    ):
        assert_same(got, wanted.sum(dim=0, keepdim=True))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_memory_layout_does_not_matter(size):
    field, image = random_field(3, size, 8, 10), random_image(2, 3, 8, 10)
    strided = KernelField(field.basis.mT.contiguous().mT, field.coefficients.to(memory_format=torch.channels_last))
    inverted = image.flip(-1).contiguous().flip(-1).transpose(2, 3).contiguous().transpose(2, 3)
    assert_same(blur(inverted, strided), blur(image, field))
    assert_same(blur_adjoint(inverted, strided), blur_adjoint(image, field))


@pytest.mark.parametrize("size", [SMALL, LARGE, 33])
def test_float32_is_exact_to_its_rounding(size):
    field, image = random_field(7, size, 64, 70), random_image(2, 3, 64, 70)
    narrow = field.to(dtype=torch.float32)
    for operator in (blur, blur_adjoint):
        assert_same(operator(image.float(), narrow).double(), operator(image, field), relative=2e-6)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_autocast_and_half_inputs_are_computed_in_float32(size):
    field, image = random_field(3, size, 8, 9).to(dtype=torch.float32), random_image(2, 3, 8, 9).float()
    wanted = blur(image, field)
    half = field._replace(coefficients=field.coefficients.bfloat16())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(blur(image, field), wanted)
        assert blur(image.bfloat16(), half).dtype == torch.float32
    assert_same(blur(image, half), wanted, relative=1e-2)


def test_operator_of_one_field_equals_the_functions_however_often_applied():
    field, image = random_field(3, LARGE, 12, 14), random_image(2, 3, 12, 14)
    operator = BlurOperator(field, "replicate")
    for _ in range(2):
        assert_same(operator.blur(image), blur(image, field, "replicate"))
        assert_same(operator.adjoint(image), blur_adjoint(image, field, "replicate"))


def test_a_delta_kernel_changes_nothing():
    image = random_image(2, 3, 20, 24)
    assert_same(blur(image, delta_field(image, 33)), image)


@pytest.mark.parametrize("operator", [blur, blur_adjoint])
def test_what_does_not_fit_is_named_with_its_remedy(operator):
    field, image = random_field(3, SMALL, 9, 12), random_image(2, 3, 9, 12)
    with pytest.raises(ValueError, match=r"padding is 'symmetric'.*Pass one of reflect, replicate"):
        operator(image, field, "symmetric")
    with pytest.raises(ValueError, match=r"image is 8 x 12, but coefficients of 9 x 12.*need 9 x 12.*Resize"):
        operator(image[..., 1:, :], field)
    with pytest.raises(ValueError, match=r"four axes\. Pass \[N, C, H, W\]"):
        operator(image[0], field)
    with pytest.raises(ValueError, match=r"image holds 3 pictures, but field 2\. Pass one field, or one a picture"):
        operator(random_image(3, 3, 9, 12), field)
    with pytest.raises(ValueError, match="Cast one with"):
        operator(image.float(), field)
    with pytest.raises(ValueError, match="Convert to float32"):
        operator((255 * image).to(torch.uint8), field)
    with pytest.raises(ValueError, match=r"sums to 2, but it must sum to 1. Divide"):
        operator(image, field._replace(basis=2 * field.basis))
    with pytest.raises(ValueError, match="sums to nan"):
        operator(image, field._replace(coefficients=field.coefficients * torch.nan))
    with pytest.raises(ValueError, match=r"NaN or infinite.*Replace it"):
        operator(image.masked_fill(image > 0.9, torch.nan), field)


def test_valid_needs_the_surround():
    field = random_field(3, SMALL, 9, 12)
    with pytest.raises(ValueError, match=r"image is 9 x 12.*'valid' need 13 x 16"):
        blur(random_image(2, 3, 9, 12), field, "valid")


@pytest.mark.parametrize("part", ["basis", "coefficients"])
def test_a_field_of_negative_light_is_refused_however_it_sums(part):
    field = KernelField(torch.full((1, 2, 3, 3), 1 / 9), torch.full((1, 2, 8, 8), 0.5))
    values = getattr(field, part).clone()
    values.view(-1)[0] -= 0.3 + values.view(-1)[0]
    if part == "basis":
        values[0, 0, 2, 2] += 1 - values[0, 0].sum()
    else:
        values[0, 1, 0, 0] = 1.3
    with pytest.raises(ValueError, match=r"has a value of -0\.3, but none is negative\. Clamp at 0"):
        check_field(field._replace(**{part: values}))


@pytest.mark.parametrize("part", ["basis", "coefficients"])
def test_a_field_in_whole_numbers_is_refused(part):
    field = delta_field(torch.zeros(1, 3, 8, 9), 5)
    with pytest.raises(ValueError, match=r"field holds torch.int64, but .* Pass field\.to\(dtype=torch\.float32\)"):
        check_field(field._replace(**{part: getattr(field, part).long()}))


@pytest.mark.parametrize("check", [check_field, check_field_shape])
def test_a_tuple_of_tensors_is_no_field(check):
    with pytest.raises(ValueError, match=r"field is a tuple. Pass KernelField\(basis, coefficients\)"):
        check((torch.ones(1, 1, 1, 1), torch.ones(1, 1, 8, 8)))


def test_a_field_that_is_none_is_said():
    with pytest.raises(ValueError, match=r"field is a tuple. Pass KernelField\(basis, coefficients\)"):
        blur(torch.rand(1, 3, 8, 8), (torch.ones(1, 1, 1, 1), torch.ones(1, 1, 8, 8)))
