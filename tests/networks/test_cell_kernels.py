"""CellKernelNetwork: each cell's kernel from what lies around it, and a photo's field of them."""

import pytest
import torch

from deblur_lightning.field import check_field
from deblur_lightning.networks import CellKernelNetwork, FoldedNAFNet
from deblur_lightning.networks import cell_kernels as cells
from deblur_lightning.networks.cell_kernels import SHIFTS, local_correlations

SMALL = {"width": 8, "middle_blocks": 1, "encoder_blocks": (1, 1, 1), "deeper": 1, "finer": 1}


def small(**changed):
    torch.manual_seed(0)
    network = CellKernelNetwork(9, **{"num_basis": 3} | SMALL | changed)
    for weights in network.parameters():  # blocks begin as the identity, the head with nothing
        torch.nn.init.normal_(weights, std=0.1)
    return network.eval()


@pytest.mark.parametrize("size", [(64, 80), (33, 70), (48, 41)])
@pytest.mark.parametrize("channels", [1, 3])
def test_fields_of_any_size_are_fields(size, channels):
    field = small()(torch.rand(2, channels, *size) - 0.5)
    check_field(field)
    assert field.basis.shape == (2, 3, 9, 9)
    assert field.coefficients.shape[-2:] == size


def test_a_cell_is_told_at_its_place():
    kernels = small().log_kernels(torch.rand(1, 3, 60, 50))
    assert kernels.shape == (1, 81, 8, 7)
    torch.testing.assert_close(kernels.exp().sum(1), torch.ones(1, 8, 7))


def test_the_field_mixes_what_the_cells_tell():
    network, light = small(num_basis=1), torch.rand(1, 3, 64, 64) - 0.5
    with torch.no_grad():
        told = network.cells((light + 0.5) ** (1 / 2.2))
        field = network(light)
    torch.testing.assert_close(field.basis.view(-1), told.mean((0, 2, 3)), atol=1e-4, rtol=0)


def test_large_photos_are_told_in_parts_alike(monkeypatch):
    network, photo = small(), torch.rand(1, 3, 200, 330)
    monkeypatch.setattr(cells, "ATTENTION", 1)
    for block in (*network.more, *network.fine):
        block.sca[0].side = 1  # attention far away would differ
    for stage in (*network.encoders, network.middle_blks, *network.decoders):
        for block in stage:
            block.sca[0].side = 1
    with torch.no_grad():
        whole = network.cells(photo)
        monkeypatch.setattr(cells, "TILE", 176)
        monkeypatch.setattr(cells, "MARGIN", 64)
        parts = network.cells(photo)
    assert parts.shape == whole.shape
    torch.testing.assert_close(parts, whole, atol=2e-3, rtol=0)  # edges are weighed by each part's own mean


def test_cells_of_large_photos_are_told_together(monkeypatch):
    network, photo = small(), torch.rand(1, 3, 100, 140)
    with torch.no_grad():
        single = network.cells(photo)
        monkeypatch.setattr(cells, "MOST_CELLS", 60)
        together = network.cells(photo)
        field = network(photo**2.2 - 0.5)
    assert single.shape[-2:] == (13, 18)
    assert together.shape[-2:] == (7, 9)
    torch.testing.assert_close(together[0, :, 0, 0], single[0, :, :2, :2].mean((1, 2)))
    torch.testing.assert_close(together[0, :, 6, 3], single[0, :, 12:, 6:8].mean((1, 2)))
    assert field.coefficients.shape[-2:] == (100, 140)


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


def test_the_trunk_begins_with_a_direct_network_s_weights():
    torch.manual_seed(3)
    direct = FoldedNAFNet(width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1))
    network = CellKernelNetwork(9, 3, **SMALL)
    before = network.head.weight.clone(), network.hint.weight.clone()
    network.load_trunk(direct.inner.state_dict())
    torch.testing.assert_close(network.intro.weight, direct.inner.intro.weight)
    torch.testing.assert_close(network.decoders[0][0].conv1.weight, direct.inner.decoders[0][0].conv1.weight)
    torch.testing.assert_close((network.head.weight, network.hint.weight), before)
    with pytest.raises(RuntimeError, match="size mismatch"):
        CellKernelNetwork(9, 3, **SMALL | {"width": 16}).load_trunk(direct.inner.state_dict())
    with pytest.raises(RuntimeError, match="is missing"):
        network.load_trunk({})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"kernel_size": 8}, "Pass 9"), ({"encoder_blocks": (1, 1)}, "Pass three"), ({"num_basis": 0}, "at least 1")],
)
def test_what_cannot_be_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        CellKernelNetwork(**arguments)
