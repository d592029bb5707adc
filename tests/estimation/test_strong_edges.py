import math

import torch

from deblur_lightning.estimation.strong_edges import first_threshold, strong_edges, strongest


def test_the_first_threshold_leaves_enough_gradients_in_every_sector():
    gradient = torch.randn(2, 20, 30, generator=torch.Generator().manual_seed(0))
    left = strong_edges(gradient, first_threshold(gradient, 7)).flatten(1).T.tolist()
    angles = [math.degrees(math.atan2(down, across)) % 180 for across, down in left if across or down]
    sectors = [sum(45 * one <= angle < 45 * one + 45 for angle in angles) for one in range(4)]
    assert min(sectors) == 7


def test_gradients_as_long_as_the_threshold_stay_and_shorter_ones_go():
    gradient = torch.tensor([[[3.0, 0.3]], [[4.0, 0.4]]])
    assert strong_edges(gradient, 5.0).flatten().tolist() == [3.0, 0.0, 4.0, 0.0]
    assert first_threshold(gradient, 5) == 0  # no sector has as many


def test_the_strongest_are_the_fewest_that_hold_the_share():
    gradient = torch.randn(2, 20, 30, generator=torch.Generator().manual_seed(0))
    left = strongest(gradient, 0.7)
    shown = left.abs().sum(0) > 0
    squares, energy = gradient.square().sum(0), gradient.square().sum()
    assert torch.equal(left[:, shown], gradient[:, shown])
    assert squares[shown].min() > squares[~shown].max()
    assert left.square().sum() >= 0.7 * energy
    assert left.square().sum() - squares[shown].min() < 0.7 * energy


def test_a_flat_picture_has_no_strong_edges():
    assert not strongest(torch.zeros(2, 4, 5), 0.9).any()
