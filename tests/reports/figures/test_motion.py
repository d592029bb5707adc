import math

import numpy as np
import pytest
import torch

from deblur_lightning.field import KernelField
from deblur_lightning.reports.figures.motion import cut_to, is_one_motion, motion_said, radius_of, stroke_of


def _line(degrees, length, size=65, samples=20001):
    """A straight stroke of even light, drawn by splatting many points of it."""
    path = np.zeros((size, size))
    for place in np.linspace(-length / 2, length / 2, samples):
        column = size // 2 + place * math.cos(math.radians(degrees))
        row = size // 2 - place * math.sin(math.radians(degrees))
        left, top = math.floor(column), math.floor(row)
        for y, share in ((top, 1 - (row - top)), (top + 1, row - top)):
            path[y, left] += share * (1 - (column - left))
            path[y, left + 1] += share * (column - left)
    return path / path.sum()


@pytest.mark.parametrize(("degrees", "length"), [(0, 20), (30, 31), (90, 15), (135, 40)])
def test_a_strokes_length_and_direction_are_found(degrees, length):
    found = stroke_of(_line(degrees, length))
    assert found.length == pytest.approx(length, rel=0.02)
    assert min(abs(found.degrees - degrees), 180 - abs(found.degrees - degrees)) < 0.5
    assert motion_said(_line(degrees, length)).endswith(f"mostly along {degrees}°")


def test_a_dot_is_no_motion_and_a_disc_goes_all_around():
    assert motion_said(_line(0, 0)) == "no visible motion"
    rows, columns = np.indices((65, 65)) - 32
    disc = (np.hypot(rows, columns) < 10).astype(float)
    assert motion_said(disc / disc.sum()).endswith("about equally all around")


@pytest.mark.parametrize("far", [0, 3, 5])
def test_the_square_holds_all_light_that_shows(far):
    path = np.zeros((2, 3, 13, 13))
    path[..., 6, 6] = 1
    path[1, 2, 6, 6 - far] = 0.01
    path[0, 0, 0, 0] = 0.003  # too faint to be seen
    assert radius_of(path, least=1) == max(1, far)
    assert cut_to(path, far).shape == (2, 3, 2 * far + 1, 2 * far + 1)


def test_one_motion_is_told_from_several_even_where_few_pixels_differ():
    basis = torch.zeros(1, 2, 9, 9)
    basis[0, 0, 4, 4] = basis[0, 1, 4, 8] = 1
    coefficients = torch.zeros(1, 2, 96, 128)
    coefficients[:, 0] = 1
    assert is_one_motion(KernelField(basis, coefficients))
    assert is_one_motion(KernelField(basis[:, [0, 0]], torch.rand(1, 2, 8, 8).softmax(1)))
    coefficients[:, :, 10:16, 20:26] = torch.tensor((0.0, 1.0)).view(1, 2, 1, 1)
    assert not is_one_motion(KernelField(basis, coefficients))
