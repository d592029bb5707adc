import pytest
import torch

from deblur_lightning.field import KernelField, delta_field, stack_fields


def test_the_mean_kernel_is_that_of_all_pixels():
    generator = torch.Generator().manual_seed(0)
    basis = torch.rand(2, 3, 5, 5, generator=generator, dtype=torch.float64)
    coefficients = torch.rand(2, 3, 4, 6, generator=generator, dtype=torch.float64)
    field = KernelField(basis, coefficients)
    kernels = [field.kernel_at(row, column) for row in range(4) for column in range(6)]
    torch.testing.assert_close(field.mean_kernel(), torch.stack(kernels).mean(0))


def test_a_field_in_half_precision_gets_unit_sums_again():
    generator = torch.Generator().manual_seed(2)
    basis = torch.rand(2, 3, 33, 33, generator=generator).flatten(2).softmax(2).view(2, 3, 33, 33)
    field = KernelField(basis, torch.rand(2, 3, 4, 6, generator=generator).softmax(1))
    again = field.to(dtype=torch.float16).normalised(torch.float64)
    torch.testing.assert_close(again.basis.sum((-2, -1)), torch.ones(2, 3, dtype=torch.float64), rtol=0, atol=1e-14)
    torch.testing.assert_close(again.coefficients.sum(1), torch.ones(2, 4, 6, dtype=torch.float64), rtol=0, atol=1e-14)
    torch.testing.assert_close(again.basis.float(), basis, rtol=2e-3, atol=0)


def test_fields_of_other_counts_stack_to_the_same_kernels():
    generator = torch.Generator().manual_seed(1)
    fields = [
        KernelField(
            torch.rand(pictures, count, 3, 3, generator=generator),
            torch.rand(pictures, count, 4, 5, generator=generator),
        )
        for pictures, count in ((1, 1), (2, 3), (1, 2))
    ]
    stacked = stack_fields(fields)
    assert stacked.basis.shape == (4, 3, 3, 3)
    apart = torch.cat([field.kernel_at(2, 3) for field in fields])
    torch.testing.assert_close(stacked.kernel_at(2, 3), apart)


def test_fields_of_other_kernel_sizes_stack_to_the_same_kernels_with_zeros_around():
    generator = torch.Generator().manual_seed(2)
    small, large = (
        KernelField(torch.rand(1, 2, size, size, generator=generator), torch.rand(1, 2, 4, 5, generator=generator))
        for size in (3, 7)
    )
    stacked = stack_fields([small, large])
    expected = torch.zeros(2, 7, 7)
    expected[0, 2:5, 2:5] = small.kernel_at(1, 4)[0]
    expected[1] = large.kernel_at(1, 4)[0]
    torch.testing.assert_close(stacked.kernel_at(1, 4), expected)


@pytest.mark.parametrize("side", [3, 6])
def test_fields_are_widened_to_larger_odd_sides_alone(side):
    field = delta_field(torch.zeros(1, 3, 8, 8), 5)
    with pytest.raises(ValueError, match=f"kernel_size is {side}, but kernels of 5 are widened"):
        field.widened(side)
    wide = field.widened(9)
    assert wide.basis.sum() == wide.basis[0, 0, 4, 4] == 1
