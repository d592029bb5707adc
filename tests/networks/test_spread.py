import pytest
import torch

from deblur_lightning.networks import SpreadNetwork

TINY = {"width": 4, "middle_blocks": 1, "encoder_blocks": (1, 1), "decoder_blocks": (1, 1)}


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 50), (66, 67)])
def test_it_tells_three_numbers_a_cell_for_any_size(height, width):
    spread = SpreadNetwork(**TINY)(torch.rand(2, 3, height, width))
    assert spread.shape == (2, 3, -(-height // 4), -(-width // 4))


def test_gray_is_seen_as_three_equal_channels():
    network, gray = SpreadNetwork(**TINY), torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(network(gray), network(gray.expand(-1, 3, -1, -1)))


def test_it_sees_what_is_near():
    torch.manual_seed(0)
    network, picture = SpreadNetwork(**TINY, pool=32), torch.rand(1, 3, 32, 512)
    other = picture.clone()
    other[..., -32:] = 0
    near = network(picture)[..., :80] - network(other)[..., :80]
    assert not near.any()
