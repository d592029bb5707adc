import cmath
import math

import pytest
import torch

from deblur_lightning.physics import Tremors, follow_tremors, shake_trajectories


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def follow_one_step_at_a_time(tremors, path):
    """The process as published, in complex numbers: one path, one step, one term after the other."""
    step = tremors.step
    velocity = complex(*tremors.heading[:, path].tolist()) * step
    position, positions = 0j, [0j]
    for now in range(len(tremors.pushes)):
        change = 0j
        angle = tremors.impulses[now, path].item()
        if angle == angle:
            change += 2 * velocity * cmath.exp(1j * angle)
        push = complex(*tremors.pushes[now, :, path].tolist())
        change += (push - tremors.pull[path].item() / step * position) * step
        velocity += change
        velocity = velocity / abs(velocity) * step
        position += velocity
        positions.append(position)
    return torch.tensor([[position.real, position.imag] for position in positions], dtype=torch.float64)


def test_paths_followed_together_are_the_published_process_step_by_step():
    tremors = Tremors.draw(5, generator=seeded(), samples=400)
    impulses = torch.full_like(tremors.impulses, torch.nan)
    impulses[[3, 50, 50, 300], [0, 1, 2, 4]] = torch.tensor([2.7, 3.0, 3.3, 3.6])
    tremors = tremors._replace(impulses=impulses)
    together = follow_tremors(tremors)
    for path in range(5):
        assert torch.allclose(together[path], follow_one_step_at_a_time(tremors, path), rtol=0, atol=1e-9)


def test_a_path_is_the_same_bit_for_bit_whichever_others_run_along():
    draws = [Tremors.draw(count, generator=seeded(count), samples=300) for count in (1, 3, 13)]
    together = follow_tremors(Tremors.cat(draws))
    assert torch.equal(together, torch.cat([follow_tremors(draw) for draw in draws]))


def test_every_step_has_the_same_length_and_all_of_them_make_up_the_length_asked_for():
    paths = shake_trajectories(7, generator=seeded(), samples=500, length=42.0)
    steps = paths.diff(dim=1).norm(dim=-1)
    assert paths.shape == (7, 500, 2)
    assert torch.allclose(steps.sum(1), torch.full((7,), 42.0, dtype=torch.float64))
    assert torch.allclose(steps, torch.full_like(steps, 42.0 / 499))


def test_impulses_come_at_their_published_rate():
    tremors = Tremors.draw(2000, generator=seeded(), samples=500, anxiety=0.05)
    rate = tremors.impulses.isfinite().double().mean().item()
    assert rate == pytest.approx(0.2 / 2 * 0.05, rel=0.1)
    angles = tremors.impulses[tremors.impulses.isfinite()]
    assert torch.pi - 0.5 <= angles.min()
    assert angles.max() <= torch.pi + 0.5


def test_a_calm_hand_moves_straighter_than_an_anxious_one():
    def spread(anxiety):
        paths = shake_trajectories(64, generator=seeded(), anxiety=anxiety)
        return (paths.amax(1) - paths.amin(1)).norm(dim=-1).mean().item()

    assert spread(0.0) == pytest.approx(60)
    assert spread(0.0) > spread(0.003) > spread(0.01)


@pytest.mark.parametrize(("count", "samples"), [(0, 10), (1, 1)])
def test_no_path_or_no_step_is_refused(count, samples):
    with pytest.raises(ValueError, match="Pass count >= 1, samples >= 2"):
        shake_trajectories(count, generator=seeded(), samples=samples)


@pytest.mark.parametrize("name", ["length", "anxiety"])
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_length_or_anxiety_below_zero_or_no_number_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} is .* Pass 0 or more"):
        shake_trajectories(1, generator=seeded(), samples=10, **{name: value})
