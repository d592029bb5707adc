import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import nnls

from deblur_lightning.estimation.kernel_fit import nonnegative_minimum, normal_equations, ridge_minimum

SIZE = 5


def pictures():
    generator = torch.Generator().manual_seed(3)
    return (torch.randn(2, 9, 11, generator=generator, dtype=torch.float64) for _ in range(2))


def dense(sharp):
    """One row a blurry pixel, those around the picture included; one column a value of the kernel."""
    wide = F.pad(sharp, (SIZE - 1,) * 4)
    height, width = (side - SIZE + 1 for side in wide.shape[-2:])
    columns = [wide[:, i : i + height, j : j + width].flatten() for i in range(SIZE) for j in range(SIZE)]
    return torch.stack(columns, 1)


def test_the_normal_equations_are_those_of_dense_least_squares():
    sharp, blurry = pictures()
    matrix, aim = dense(sharp), F.pad(blurry, (SIZE // 2,) * 4).flatten()
    form, wanted = normal_equations(sharp, blurry, SIZE)
    torch.testing.assert_close(form, matrix.T @ matrix)
    torch.testing.assert_close(wanted, matrix.T @ aim)


def test_the_ridge_minimum_is_that_of_dense_least_squares():
    sharp, blurry = pictures()
    ridge = 0.7
    matrix = torch.cat((dense(sharp), ridge**0.5 * torch.eye(SIZE**2, dtype=torch.float64)))
    aim = F.pad(F.pad(blurry, (SIZE // 2,) * 4).flatten(), (0, SIZE**2))
    expected = torch.linalg.lstsq(matrix, aim.unsqueeze(1)).solution.view(SIZE, SIZE)
    torch.testing.assert_close(ridge_minimum(*normal_equations(sharp, blurry, SIZE), ridge), expected)


def test_the_nonnegative_minimum_is_scipys():
    sharp, blurry = pictures()
    form, wanted = normal_equations(sharp, blurry, SIZE)
    expected, _ = nnls(dense(sharp).numpy(), F.pad(blurry, (SIZE // 2,) * 4).flatten().numpy())
    found = nonnegative_minimum(form, wanted, torch.full((SIZE**2,), 0.1).double(), steps=2000)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_descent_ends_when_the_values_have_settled():
    class Counting:
        times = 0

        def __matmul__(self, values):
            self.times += 1
            return form @ values

    sharp, blurry = pictures()
    form, wanted = normal_equations(sharp.float(), blurry.float(), SIZE)
    counting, start = Counting(), torch.full((SIZE**2,), 0.1)
    found = nonnegative_minimum(counting, wanted, start, steps=5000)
    assert counting.times < 1000
    expected, _ = nnls(dense(sharp).numpy(), F.pad(blurry, (SIZE // 2,) * 4).flatten().numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_blur_is_read_off_its_own_sharp_picture():
    generator = torch.Generator().manual_seed(4)
    sharp = F.pad(torch.randn(2, 30, 30, generator=generator, dtype=torch.float64), (8,) * 4)
    kernel = torch.rand(SIZE, SIZE, generator=generator, dtype=torch.float64)
    blurry = F.conv2d(sharp.unsqueeze(1), kernel[None, None], padding=SIZE // 2)[:, 0]
    torch.testing.assert_close(ridge_minimum(*normal_equations(sharp, blurry, SIZE), 0.0), kernel)
