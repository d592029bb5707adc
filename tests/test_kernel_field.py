import torch

from deblur_lightning.field import KernelField


def test_the_mean_kernel_is_that_of_all_pixels():
    generator = torch.Generator().manual_seed(0)
    basis = torch.rand(2, 3, 5, 5, generator=generator, dtype=torch.float64)
    coefficients = torch.rand(2, 3, 4, 6, generator=generator, dtype=torch.float64)
    field = KernelField(basis, coefficients)
    kernels = [field.kernel_at(row, column) for row in range(4) for column in range(6)]
    torch.testing.assert_close(field.mean_kernel(), torch.stack(kernels).mean(0))
