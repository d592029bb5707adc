import json

import pytest
import torch
from unpacked_field import unpack_field

from deblur_lightning.field import KernelField
from deblur_lightning.reports.page import pack_field


def _field(height=20, width=30, count=4, size=7, pictures=1):
    generator = torch.Generator().manual_seed(2)
    basis = torch.rand(pictures, count, size, size, generator=generator) ** 4
    coefficients = torch.randn(pictures, count, height, width, generator=generator).softmax(1)
    return KernelField(basis / basis.sum(dim=(2, 3), keepdim=True), coefficients)


def test_kernels_differ_from_the_field_by_quantisation_alone():
    field = _field()
    packed = json.loads(json.dumps(pack_field(field)))
    unpacked = unpack_field(packed)
    assert unpacked.coefficients.shape == field.coefficients.shape
    peaks = field.basis.amax(dim=(2, 3))[0]
    for row, column in [(0, 0), (7, 21), (19, 29)]:
        # half a level of each coefficient, and half a level of each kernel times its share
        bound = (peaks.sum() + (field.coefficients[0, :, row, column] * peaks).sum()) / 510 + 1e-6
        assert (unpacked.kernel_at(row, column) - field.kernel_at(row, column)).abs().max() <= bound


def test_large_fields_are_averaged_cell_by_cell():
    packed = pack_field(_field(64, 96), side=48)
    assert (packed["rows"], packed["columns"]) == (32, 48)
    cells = _field(64, 96).coefficients.reshape(1, 4, 32, 2, 48, 2).mean(dim=(3, 5))
    torch.testing.assert_close(unpack_field(packed).coefficients, cells, atol=1 / 510 + 1e-6, rtol=0)


def test_a_smooth_field_of_a_video_frame_takes_little_room():
    coarse = torch.randn(1, 25, 9, 16, generator=torch.Generator().manual_seed(0)) * 3
    coefficients = torch.nn.functional.interpolate(coarse, (720, 1280), mode="bilinear").softmax(1)
    field = KernelField(_field(count=25, size=33).basis, coefficients)
    assert len(json.dumps(pack_field(field))) < 250_000


def test_several_pictures_at_once_are_refused():
    with pytest.raises(ValueError, match=r"field has 2 pictures.*Index both by \[i:i\+1\]"):
        pack_field(_field(pictures=2))
