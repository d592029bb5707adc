import pytest
import torch

from deblur_lightning.physics.node_grid import node_places, node_shares


def test_nodes_span_a_picture_from_corner_to_corner():
    places = node_places((5, 9), 3)
    expected = [(x, y) for y in (-2.0, 0.0, 2.0) for x in (-4.0, 0.0, 4.0)]
    torch.testing.assert_close(places, torch.tensor(expected, dtype=torch.float64))


def test_shares_interpolate_what_is_linear_over_the_picture_exactly():
    size = (11, 14)
    shares = node_shares(size, 4)
    y, x = torch.meshgrid(*(torch.arange(side) - (side - 1) / 2 for side in size), indexing="ij")
    interpolated = torch.einsum("bhw,bc->chw", shares, node_places(size, 4).float())
    torch.testing.assert_close(interpolated, torch.stack((x, y)), atol=1e-5, rtol=0)
    torch.testing.assert_close(shares.sum(0), torch.ones(size))


@pytest.mark.parametrize("grid", [2, 5])
def test_no_pixel_has_more_than_four_nodes(grid):
    assert (node_shares((16, 23), grid) > 0).sum(0).max() <= 4
