"""Cells: what is told of them, and a photo's field of what is told back."""

import pytest
import torch

from deblur_lightning.field import check_field
from deblur_lightning.networks import SeeingNAFNet, cell_field
from deblur_lightning.networks import seeing as seeing_module
from deblur_lightning.networks.cell_field import told_in_parts
from deblur_lightning.networks.cells import SHIFTS, local_correlations, spread


def telling(pictures):
    """Tell of each cell a distribution that its own pixels choose."""
    rows, columns = (-(-side // 8) for side in pictures.shape[-2:])
    wide = torch.nn.functional.pad(
        pictures, (0, 8 * columns - pictures.shape[-1], 0, 8 * rows - pictures.shape[-2]), mode="replicate"
    )
    levels = torch.nn.functional.avg_pool2d(wide.mean(1, keepdim=True), 8)
    return (levels * torch.linspace(0, 20, 81).view(1, -1, 1, 1)).log_softmax(1)


@pytest.mark.parametrize("size", [(64, 80), (33, 70), (48, 41)])
def test_fields_of_any_size_are_fields(size):
    field = cell_field.cell_field(telling, torch.rand(2, 3, *size), num_basis=3)
    check_field(field)
    assert field.basis.shape == (2, 3, 9, 9)
    assert field.coefficients.shape[-2:] == size


def test_the_field_mixes_what_the_cells_tell():
    pictures = torch.rand(1, 3, 64, 64)
    field = cell_field.cell_field(telling, pictures, num_basis=1)
    torch.testing.assert_close(field.basis.view(-1), telling(pictures).exp().mean((0, 2, 3)), atol=1e-4, rtol=0)


def test_a_picture_of_one_colour_shows_no_motion():
    pictures = torch.rand(2, 3, 40, 64)
    pictures[1] = torch.tensor((0.2, 0.5, 0.7)).view(3, 1, 1)
    field = cell_field.cell_field(telling, pictures, num_basis=2)
    check_field(field)
    told = telling(pictures).exp()
    assert told[1, 40].max() < 0.1  # at the centre, where the light stays
    assert field.kernel_at(20, 30)[1].flatten()[40] == pytest.approx(1)
    assert field.kernel_at(20, 30)[0].flatten()[40] < 0.1


def test_two_kernels_stand_where_they_were_told():
    pictures = torch.zeros(1, 3, 64, 128)
    pictures[..., 64:] = 1
    field, told = cell_field.cell_field(telling, pictures, num_basis=2), telling(pictures).exp()
    for column, cell in ((20, 2), (110, 13)):
        torch.testing.assert_close(field.kernel_at(30, column)[0].flatten(), told[0, :, 3, cell], atol=1e-3, rtol=0)


def test_autocast_leaves_the_decomposition_in_float32():
    pictures = torch.rand(1, 3, 64, 80)
    field = cell_field.cell_field(telling, pictures, num_basis=2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        other = cell_field.cell_field(telling, pictures, num_basis=2)
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(field, other, strict=True))


@pytest.mark.parametrize("size", [(200, 330), (96, 513)])
def test_large_photos_are_told_in_parts_alike(monkeypatch, size):
    photo = torch.rand(1, 3, *size)
    whole = told_in_parts(telling, photo)
    monkeypatch.setattr(cell_field, "TILE", 176)
    monkeypatch.setattr(cell_field, "MARGIN", 64)
    torch.testing.assert_close(told_in_parts(telling, photo), whole)


@torch.no_grad()
def test_a_network_tells_large_photos_in_parts_nearly_alike(monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(seeing_module, "ATTENTION", 16)  # attention far away would differ
    network = SeeingNAFNet(9, 8, 1, (1, 1, 1), (1, 1, 1), finer=1).eval()
    for weights in network.parameters():  # blocks begin as the identity, the head with nothing
        torch.nn.init.normal_(weights, std=0.1)
    photo = torch.rand(1, 3, 200, 330)

    def tell(part):
        return network.both(part)[1]

    whole = told_in_parts(tell, photo)
    monkeypatch.setattr(cell_field, "TILE", 176)
    off = []
    for margin in (64, 0):
        monkeypatch.setattr(cell_field, "MARGIN", margin)
        off.append(((told_in_parts(tell, photo) - whole).abs().max() / whole.max()).item())
    assert off[0] < 5e-3
    assert off[1] > 10 * off[0]


def test_cells_of_large_photos_are_told_together(monkeypatch):
    photo = torch.rand(1, 3, 100, 140)
    single, together = told_in_parts(telling, photo), told_in_parts(telling, photo, 2)
    assert single.shape[-2:] == (13, 18)
    assert together.shape[-2:] == (7, 9)
    torch.testing.assert_close(together[0, :, 0, 0], single[0, :, :2, :2].mean((1, 2)))
    torch.testing.assert_close(together[0, :, 6, 3], single[0, :, 12:, 6:8].mean((1, 2)))
    monkeypatch.setattr(cell_field, "MOST_CELLS", 60)
    assert cell_field.cells_together((100, 140)) == 2
    assert cell_field.cell_field(telling, photo, 2).coefficients.shape[-2:] == (100, 140)


def test_no_basis_kernel_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        cell_field.cell_field(telling, torch.rand(1, 3, 32, 32), 0)


def test_what_is_told_of_cells_is_spread_between_their_centres():
    wide = spread(torch.tensor([[[[0.0, 8.0]]]]), (5, 14))
    assert wide.shape == (1, 1, 5, 14)
    torch.testing.assert_close(wide[0, 0, 2], (torch.arange(14) - 3.5).clamp(0, 8))


def test_correlations_are_products_with_shifted_edges():
    picture = torch.rand(1, 3, 64, 48, generator=torch.Generator().manual_seed(2))
    told = local_correlations(picture)
    assert told.shape == (1, 4 * (len(SHIFTS) + 1), 8, 6)
    light = (picture**2.2).mean(1)[0]
    half = torch.stack([light[y : y + 2, x : x + 2].mean() for y in range(0, 64, 2) for x in range(0, 48, 2)]).view(
        32, 24
    )
    across = torch.stack([half[y, min(x + 1, 23)] - half[y, x] for y in range(32) for x in range(24)]).view(32, 24)
    across = (across / (3 * across.abs().mean())).tanh()
    down, right = SHIFTS[40]
    row, column = 3, 2
    total = 0.0
    for y in range(4 * row, 4 * row + 4):
        for x in range(4 * column, 4 * column + 4):
            inside = 0 <= y + down < 32 and 0 <= x + right < 24
            total += across[y, x] * across[y + down, x + right] / 16 if inside else 0
    near = across[4 * row - 4 : 4 * row + 8, 4 * column - 4 : 4 * column + 8].square().mean()
    power = across[4 * row : 4 * row + 4, 4 * column : 4 * column + 4].square().mean()
    assert told[0, 40, row, column].item() == pytest.approx((total / (near + 0.02)).item(), abs=1e-4)
    assert told[0, 4 * len(SHIFTS), row, column].item() == pytest.approx(
        ((power + 1e-3).log() / 3 + 1).item(), abs=1e-4
    )


def test_shifts_are_half_of_all_within_reach():
    assert SHIFTS[0] == (0, 0)
    assert len(set(SHIFTS) | {(-down, -right) for down, right in SHIFTS}) == 17 * 17
    assert len(SHIFTS) == (17 * 17 + 1) // 2
