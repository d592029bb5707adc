"""Restorations over random sizes, types, kernels and options: laws that hold for all of them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deblur_lightning import KernelField
from deblur_lightning.field import delta_field
from deblur_lightning.restoration import deconvolve, richardson_lucy

sizes = st.fixed_dictionaries(
    {
        "pictures": st.integers(1, 3),
        "channels": st.sampled_from([1, 3]),
        "height": st.integers(1, 14),
        "width": st.integers(1, 14),
        "kernel": st.sampled_from([1, 3, 5, 9, 13]),
        "basis": st.integers(1, 4),
        "seed": st.integers(0, 10**6),
    }
)
options = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["basic", "saturated", "combined"]),
        "border": st.sampled_from(["extended", "reflect"]),
        "gamma": st.sampled_from([1.0, 2.2]),
        "regularization": st.sampled_from([0.0, 1e-3]),
        "acceleration": st.booleans(),
        "iterations": st.integers(0, 4),
    }
)
dtypes = st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16])


def example(size, dtype):
    """Draw pictures with black and saturated pixels, and a field whose kernels may leave the picture."""
    generator = torch.Generator().manual_seed(size["seed"])
    shape = size["pictures"], size["channels"], size["height"], size["width"]
    blurry = (1.5 * torch.rand(shape, generator=generator) - 0.25).clamp(0, 1)
    kernels = torch.randn(size["pictures"], size["basis"], size["kernel"] ** 2, generator=generator)
    mixture = torch.randn(size["pictures"], size["basis"], *shape[2:], generator=generator)
    basis = (3 * kernels).softmax(-1).unflatten(-1, (size["kernel"], size["kernel"]))
    return blurry.to(dtype), KernelField(basis, (3 * mixture).softmax(1))


@settings(max_examples=40, deadline=None)
@given(size=sizes, option=options, dtype=dtypes)
def test_richardson_lucy_gives_pictures_of_its_input_s_shape_in_range(size, option, dtype):
    blurry, field = example(size, dtype)
    restored = richardson_lucy(blurry, field, **option)
    assert restored.shape == blurry.shape
    assert restored.dtype == torch.promote_types(dtype, torch.float32)
    assert restored.isfinite().all()
    assert 0 <= restored.min() <= restored.max() <= 1


@settings(max_examples=12, deadline=None)
@given(size=sizes, option=options)
def test_a_picture_s_restoration_does_not_depend_on_its_neighbours_in_the_batch(size, option):
    blurry, field = example(size, torch.float64)
    together = richardson_lucy(blurry, field, **option)
    for number in range(len(blurry)):
        alone = slice(number, number + 1)
        own = KernelField(field.basis[alone], field.coefficients[alone])
        torch.testing.assert_close(richardson_lucy(blurry[alone], own, **option), together[alone], rtol=0, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(size=sizes, option=options)
def test_without_blur_a_picture_stays_as_it_is(size, option):
    blurry, _ = example(size, torch.float64)
    blurry = (
        0.05 + 0.85 * blurry
    )  # neither where light is as faint as the guard of divisions nor where the sensor saturates
    still = richardson_lucy(blurry, delta_field(blurry, size["kernel"]), **{**option, "regularization": 0.0})
    torch.testing.assert_close(still, blurry, rtol=0, atol=1e-2 if option["method"] != "basic" else 2e-4)


@settings(max_examples=12, deadline=None)
@given(size=sizes, dtype=dtypes)
def test_deconvolve_gives_pictures_of_its_input_s_shape_in_range(size, dtype):
    blurry, field = example(size, dtype)
    restored = deconvolve(blurry, field)
    assert restored.shape == blurry.shape
    assert restored.isfinite().all()
    assert 0 <= restored.min() <= restored.max() <= 1


@settings(max_examples=40, deadline=None)
@given(size=sizes, spoilt=st.sampled_from(["blurry", "basis", "coefficients"]), value=st.sampled_from(["nan", "inf"]))
def test_one_spoilt_number_anywhere_is_refused(size, spoilt, value):
    blurry, field = example(size, torch.float32)
    parts = {"blurry": blurry, "basis": field.basis.clone(), "coefficients": field.coefficients.clone()}
    flat = parts[spoilt].view(-1)
    flat[size["seed"] % len(flat)] = float(value)
    with pytest.raises(ValueError, match=r"finite|sums to"):
        richardson_lucy(parts["blurry"], KernelField(parts["basis"], parts["coefficients"]))
