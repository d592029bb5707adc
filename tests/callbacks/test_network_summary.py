"""The table of networks at the start of a training."""

from types import SimpleNamespace

import pytest
import torch
from small_models import small_direct_deblurrer, small_learned_deblurrer, small_motion_deblurrer
from torch import nn

from deblur_lightning.callbacks import NetworkSummary
from deblur_lightning.callbacks.network_summary import count_operations, metric, summarize_networks
from deblur_lightning.modules import AdaptiveBasisModule, DeblurGANModule
from deblur_lightning.networks import PatchCritic


class Odd(nn.Module):
    """A network that looks at values, and takes random numbers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 5, 3, stride=2, bias=False), nn.BatchNorm2d(5), nn.Dropout())

    def forward(self, picture):
        assert picture.mean().item() > 0
        return self.layers(picture)


def test_operations_are_two_for_each_weight_and_place_it_is_used_at():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 5, stride=2, padding=2))
    first, second = 2 * 4 * 3 * 9 * 256 * 256, 2 * 2 * 4 * 25 * 128 * 128
    assert count_operations(network) == first + second


def test_a_network_that_looks_at_values_is_counted_and_stays_as_it_was():
    network = Odd()
    network.layers[1].eval()
    state = {name: values.clone() for name, values in network.state_dict().items()}
    modes = [part.training for part in network.modules()]
    random = torch.random.get_rng_state()
    assert count_operations(network) == 2 * 5 * 3 * 9 * 127 * 127
    assert all(torch.equal(values, state[name]) for name, values in network.state_dict().items())
    assert [part.training for part in network.modules()] == modes
    assert torch.equal(torch.random.get_rng_state(), random)


def training(module):
    """A trainer whose optimiser steps all of a module."""
    return SimpleNamespace(optimizers=[torch.optim.SGD(module.parameters(), 0.1)])


def test_what_cannot_be_counted_stays_blank(capsys):
    module = nn.Module()
    module.inner = nn.Linear(7, 7)
    (row,) = summarize_networks(module, set(module.parameters()))
    assert row == ("inner", "Linear", 56, 56, None)
    NetworkSummary().on_fit_start(training(module), module)
    assert capsys.readouterr().out.splitlines()[-1].split() == ["inner", "Linear", "56", "56"]


def test_the_networks_of_each_module_are_listed_alone(capsys):
    motion = AdaptiveBasisModule(small_motion_deblurrer())
    (row,) = summarize_networks(motion, set(motion.parameters()))
    assert row.name == "deblurrer.network"
    assert row.parameters == row.trained == sum(one.numel() for one in motion.parameters())
    assert row.operations > 0
    gan = DeblurGANModule(small_direct_deblurrer(), critic=PatchCritic(4))
    generator, critic = summarize_networks(gan, set(gan.critic.parameters()))
    assert (generator.name, generator.trained, critic.name) == ("deblurrer.generator", 0, "critic")
    assert critic.trained == critic.parameters
    gan.critic.requires_grad_(False)
    assert [one.trained for one in summarize_networks(gan, set(gan.parameters()))] == [generator.parameters, 0]
    assert critic.operations > 0
    NetworkSummary().on_fit_start(training(gan), gan)
    printed = capsys.readouterr().out
    assert "FLOPs (256 x 256)" in printed
    assert "Metric" not in printed


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (999, "999"), (1000, "1.0 k"), (104.2e9, "104.2 G")])
def test_counts_are_short(count, said):
    assert metric(count) == said


def test_a_restorer_is_counted_with_a_field():
    restorer = small_learned_deblurrer().restorer
    assert count_operations(restorer) > 2 * 256 * 256
