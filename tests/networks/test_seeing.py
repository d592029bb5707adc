"""SeeingNAFNet: restores as the network it begins with, tells distributions, and sees no further than its blocks."""

import pytest
import torch

from deblur_lightning.networks import FoldedNAFNet, SeeingNAFNet

SMALL = {"width": 8, "middle_blocks": 1, "encoder_blocks": (1, 1, 1), "decoder_blocks": (1, 1, 1)}


def seeing(**changed):
    torch.manual_seed(0)
    return SeeingNAFNet(9, **SMALL | changed, finer=1).eval()


@torch.no_grad()
def test_it_starts_as_the_identity_and_tells_every_motion_alike():
    blurry = torch.rand(2, 3, 40, 56)
    restored, told = seeing().both(blurry)
    torch.testing.assert_close(restored, blurry)
    torch.testing.assert_close(told.exp(), torch.full((2, 81, 5, 7), 1 / 81))


@torch.no_grad()
@pytest.mark.parametrize("size", [(32, 32), (45, 51), (64, 33)])
def test_it_takes_any_size_and_tells_distributions(size):
    network, blurry = seeing(), torch.rand(1, 3, *size)
    for weights in (network.head.weight, network.inner.ending.weight):
        torch.nn.init.normal_(weights, std=0.1)
    restored, told = network.both(blurry)
    assert restored.shape == blurry.shape
    assert told.shape == (1, 81, -(-size[0] // 8), -(-size[1] // 8))
    torch.testing.assert_close(told.exp().sum(1), torch.ones(1, *told.shape[2:]))
    torch.testing.assert_close(network(blurry), restored)
    assert not torch.allclose(restored, blurry)


@torch.no_grad()
def test_begun_with_a_shallower_network_it_restores_as_that_does_but_for_the_hint():
    torch.manual_seed(1)
    shallow = FoldedNAFNet(width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), pool=128).eval()
    for weights in shallow.parameters():
        torch.nn.init.normal_(weights, std=0.1)
    network = seeing(middle_blocks=3, encoder_blocks=(1, 2, 2), decoder_blocks=(2, 1, 3))
    network.begin_with(shallow.inner.state_dict())
    for weights in network.hint.parameters():
        torch.nn.init.zeros_(weights)
    blurry = torch.rand(1, 3, 48, 64)
    torch.testing.assert_close(network(blurry), shallow(blurry))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"central pixel\. Pass 9\."):
        SeeingNAFNet(8)
    with pytest.raises(ValueError, match=r"kernel_size is -3, but a kernel has a central pixel\. Pass 1\."):
        SeeingNAFNet(-3)
    with pytest.raises(ValueError, match="need 3"):
        SeeingNAFNet(encoder_blocks=(1, 1))
    other = FoldedNAFNet(width=16, middle_blocks=1, encoder_blocks=(1, 1, 1))
    with pytest.raises(RuntimeError, match="size mismatch"):
        seeing().begin_with(other.inner.state_dict())
