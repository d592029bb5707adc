import copy

import pytest
import torch

from deblur_lightning.networks import FoldedNAFNet
from deblur_lightning.networks.any_size_mean import AnySizeMean, any_size


@pytest.mark.parametrize("side", [1, 4, 5, 9, 40])
def test_each_pixel_has_the_mean_of_the_nearest_whole_square(side):
    features = torch.rand(2, 3, 9, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    means = AnySizeMean(side)(features)
    for row in range(9):
        for column in range(13):
            top, left = (
                max(0, min(place - side // 2, length - min(side, length))) for place, length in ((row, 9), (column, 13))
            )
            square = features[..., top : top + side, left : left + side]
            assert torch.allclose(means[..., row, column], square.mean(dim=(2, 3)), atol=1e-12)


@pytest.mark.parametrize("size", [(9, 8), (40, 23), (70, 90)])
def test_a_network_answers_as_before(size):
    network = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,), pool=32).eval()
    for weights in network.parameters():
        torch.nn.init.normal_(weights, std=0.2)
    changed = any_size(copy.deepcopy(network))
    assert any(isinstance(part, AnySizeMean) for part in changed.modules())
    picture = torch.rand(1, 3, *size)
    with torch.no_grad():
        expected = network(picture)
        assert torch.allclose(changed(picture), expected, atol=1e-5)
        assert (expected - picture).abs().max() > 0.01
