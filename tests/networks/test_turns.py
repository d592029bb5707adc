"""Looks at turned pictures: their mean is as by hand, and as many as a size affords."""

import numpy as np
import pytest
import torch

from deblur_lightning.networks.turns import looks_afforded, mean_of_looks


def shaded(pictures):
    """Depends on where a pixel lies, so on how the picture is turned."""
    height, width = pictures.shape[-2:]
    return pictures * torch.linspace(1, 2, height)[:, None] + torch.linspace(0, 3, width) ** 2


@pytest.mark.parametrize(("looks", "quarters"), [(1, (0,)), (2, (0, 2)), (4, (0, 1, 2, 3))])
@pytest.mark.parametrize("known", [True, False])
def test_the_mean_is_that_of_pictures_turned_by_hand(looks, quarters, known):
    pictures = torch.rand(2, 3, 5, 8, generator=torch.Generator().manual_seed(0))
    expected = np.mean(
        [
            np.rot90(shaded(torch.from_numpy(np.rot90(pictures, turn, (2, 3)).copy())), -turn, (2, 3))
            for turn in quarters
        ],
        axis=0,
    )
    first = shaded(pictures) if known else None
    torch.testing.assert_close(mean_of_looks(shaded, pictures, looks, first), torch.from_numpy(expected))


def test_what_is_known_of_the_first_look_is_not_asked_again():
    asked = []

    def restore(pictures):
        asked.append(tuple(pictures.shape))
        return pictures

    pictures = torch.rand(1, 3, 4, 6)
    mean_of_looks(restore, pictures, 4, pictures)
    assert asked == [(1, 3, 4, 6), (1, 3, 6, 4), (1, 3, 6, 4)]


@pytest.mark.parametrize(
    ("size", "looks"),
    [((1, 1), 4), ((512, 512), 4), ((512, 513), 2), ((1024, 512), 2), ((1024, 513), 1), ((3000, 4000), 1)],
)
def test_small_pictures_afford_more_looks(size, looks):
    assert looks_afforded(size) == looks
