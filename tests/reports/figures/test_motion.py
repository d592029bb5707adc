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


def test_a_dot_with_faint_tails_is_said_to_have_stayed_and_its_tails_are_measured_alone():
    tails = _line(30, 24)
    dot = np.zeros_like(tails)
    dot[32, 32] = 1
    said = motion_said(0.8 * dot + 0.2 * tails)
    stayed = 0.8 + 0.2 * tails[32, 32]
    tails[32, 32] = 0
    rest = stroke_of(tails).length
    assert (
        said == f"{stayed:.0%} of the light stayed on one pixel, the rest spread over {rest:.1f} px, mostly along 30°"
    )
    assert motion_said(0.2 * dot + 0.8 * _line(30, 24)).startswith("23% of the light stayed on one pixel, the rest")
    assert motion_said(0.08 * dot + 0.92 * _line(30, 24)).startswith("light spread over 23")
    assert motion_said(0.6 * dot + 0.4 * np.roll(dot, 1)).startswith("light spread over 1.7 px")
    dot[31:34, 31:34] += 0.05
    assert motion_said(dot / dot.sum()) == "72% of the light stayed on one pixel"  # 1.05 of 1.45; 1.3 px in all


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
