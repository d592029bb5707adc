import pytest
import torch

from deblur_lightning.estimation.richest_window import STEP, richest_window


def energy(light, share):
    down, right = light[1:, :-1] - light[:-1, :-1], light[:-1, 1:] - light[:-1, :-1]
    return (down.square() + right.square()).double() * share[1:, 1:].double()


@pytest.mark.parametrize("size", [(70, 90), (150, 41), (40, 260), (33, 33)])
@pytest.mark.parametrize("shared", [False, True])
def test_it_holds_more_squared_slopes_than_any_other(size, shared):
    generator = torch.Generator().manual_seed(5)
    light = torch.rand(size, generator=generator)
    share = torch.rand(size, generator=generator) if shared else torch.ones(size)
    height, width = (min(40, side) for side in size)
    held = {
        (top, left): energy(light, share)[top : top + height - 1, left : left + width - 1].sum().item()
        for top in range(0, size[0] - height + 1, STEP)
        for left in range(0, size[1] - width + 1, STEP)
    }
    rows, columns = richest_window(light, share if shared else None, 40)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (height, width)
    assert held[rows.start, columns.start] == max(held.values())


def test_the_window_is_where_the_edges_are():
    light = torch.zeros(200, 300)
    light[120:180:2, 200:260] = 1
    rows, columns = richest_window(light, None, 96)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (96, 96)
    assert {*range(120, 180)} <= {*range(rows.start, rows.stop)}
    assert {*range(200, 260)} <= {*range(columns.start, columns.stop)}
    assert richest_window(light[:50], torch.ones(50, 300), 96) == (slice(0, 50), slice(0, 96))  # no edges
