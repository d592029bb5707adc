import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import dense_field, find_motion
from deblur_lightning.estimation.dense_field import Turning, by_votes, estimated_turning, fills_its_square, likeliest
from deblur_lightning.estimation.kernel_shape import SOFTNESS, no_blur, softened
from deblur_lightning.estimation.pyramid import Attempt
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.losses import kernel_distance
from deblur_lightning.physics import expose, shake_field

SIZE, KERNEL = 128, 17


def shot(field):
    side = field.coefficients.shape[-1] + KERNEL - 1
    scene = torch.tensor(dead_leaves(side, np.random.default_rng(8))).permute(2, 0, 1) / 255
    return expose(scene[None].float().pow(2.2), field, generator=torch.Generator().manual_seed(1), noise=0.003)


def constant(kernel):
    return KernelField(kernel[None, None], torch.ones(1, 1, SIZE, SIZE))


@pytest.fixture(scope="module")
def turning():
    return shake_field((SIZE, SIZE), KERNEL, generator=torch.Generator().manual_seed(6), rotation=0.2, reach=(0.8, 0.9))


@pytest.fixture(scope="module")
def shake():
    """The kernel of a camera that only shifted."""
    field = shake_field((SIZE, SIZE), KERNEL, generator=torch.Generator().manual_seed(0), rotation=0, reach=(0.8, 0.9))
    return field.mean_kernel()[0]


@pytest.fixture(params=["the whole photo", "windows"])
def of_the_whole_photo_or_of_windows(request, monkeypatch):
    if request.param == "windows":
        monkeypatch.setattr(sys.modules[likeliest.__module__], "WHOLE", 100 * 100)


def test_the_field_of_a_turning_camera_is_nearer_than_no_blur(turning):
    found = dense_field(shot(turning), kernel_size=KERNEL)
    check_field(found)
    nothing = constant(no_blur(turning.basis[0, 0]))
    assert kernel_distance(found, turning) < 0.25 * kernel_distance(nothing, turning)


@pytest.mark.usefixtures("of_the_whole_photo_or_of_windows")
def test_a_photo_tells_whether_a_path_or_one_kernel_blurred_it_or_nothing():
    random = torch.Generator().manual_seed(9)
    path = shake_field((200, 200), KERNEL, generator=random, rotation=0.2, reach=(0.8, 0.9))
    one = KernelField(path.mean_kernel()[None], torch.ones(1, 1, 200, 200))
    nothing = one._replace(basis=no_blur(one.basis[0, 0])[None, None])
    for true in (path, one, nothing):
        chosen = likeliest(one, path, shot(true)[0].pow(2.2).mean(0))
        assert torch.equal(chosen.basis, true.basis)


@pytest.mark.usefixtures("of_the_whole_photo_or_of_windows")
def test_one_kernel_stays_one(shake):
    true = constant(shake)
    found = dense_field(shot(true), kernel_size=KERNEL)
    assert found.basis.shape[1] == 1
    nothing = constant(no_blur(shake))
    assert kernel_distance(found, true) < 0.1 * kernel_distance(nothing, true)


def test_of_what_two_ways_found_the_kernel_that_the_whole_photo_speaks_for_is_taken(shake, monkeypatch):
    """Whatever speaks against it in the window that it was read off, and in whichever order they come."""
    module, right, wrong = sys.modules[likeliest.__module__], Attempt(shake, 2.0), Attempt(shake.mT.contiguous(), 1.0)
    for found in ([right, wrong], [wrong, right]):
        monkeypatch.setattr(module, "attempts_and_turning", lambda light, size, found=found: (found, None))
        looked = find_motion(shot(constant(shake)), kernel_size=KERNEL)
        assert [one is two for one, two in zip(looked.attempts, (right, wrong), strict=True)] == [True, True]
        assert torch.equal(looked.field.basis[0, 0], softened(shake, SOFTNESS))


def test_no_part_of_a_photo_outvotes_the_rest(monkeypatch):
    """Of nine parts eight speak for the second by 2, one for the first by 500."""
    said = torch.full((3, 3), 2.0).index_put((torch.tensor(1), torch.tensor(1)), torch.tensor(-500.0))
    evidence = SimpleNamespace(of=lambda kernels: torch.stack((torch.zeros(3, 3), said)))
    monkeypatch.setattr(sys.modules[likeliest.__module__], "weighing_evidence", lambda light, noise: evidence)
    found = [Attempt(torch.ones(5, 5) / 25, 0.0), Attempt(no_blur(torch.ones(5, 5)), 0.0)]
    assert by_votes(found, torch.zeros(64, 64)) == found[::-1]
    said.fill_(0.0)  # of one mind: they stay as they are
    assert by_votes(found, torch.zeros(64, 64)) == found


def test_one_kernel_that_two_ways_find_is_sure_but_not_a_turning_camera_nor_no_motion(turning, shake):
    assert find_motion(shot(constant(shake)), kernel_size=KERNEL).sureness() > 0.9
    for unsure in (turning, constant(no_blur(turning.basis[0, 0]))):
        assert find_motion(shot(unsure), kernel_size=KERNEL).sureness() == 0


@pytest.mark.usefixtures("of_the_whole_photo_or_of_windows")
def test_where_a_path_is_likelier_or_two_ways_saw_one_window_alone_nothing_is_sure(turning, monkeypatch):
    module = sys.modules[likeliest.__module__]
    found = Attempt(turning.mean_kernel()[0], 0.0)
    monkeypatch.setattr(module, "alike", lambda found: 0.6)
    monkeypatch.setattr(module, "sureness", lambda light, kernel, alike: alike)
    filled = constant(torch.full((KERNEL, KERNEL), KERNEL**-2.0))  # as of a path that was not found
    for path, sure in ((turning, 0.0), (None, 0.0), (filled, 0.6)):
        looked = None if path is None else Turning(path, lambda path=path: path)
        monkeypatch.setattr(module, "attempts_and_turning", lambda light, size, looked=looked: ([found], looked))
        assert find_motion(shot(turning), kernel_size=KERNEL).sureness() == sure


@pytest.mark.usefixtures("of_the_whole_photo_or_of_windows")
def test_a_path_is_improved_where_it_is_chosen_and_there_alone(turning, monkeypatch):
    module, asked, better = sys.modules[likeliest.__module__], [], constant(no_blur(turning.basis[0, 0]))
    found = Attempt(turning.mean_kernel()[0], 0.0)
    path = Turning(turning, lambda: asked.append(1) or better)
    monkeypatch.setattr(module, "attempts_and_turning", lambda light, size: ([found], path))
    for chosen, times, given in ((0, 0, None), (1, 1, better)):
        fields = (constant(found.kernel), turning)
        monkeypatch.setattr(module, "likeliest", lambda uniform, turned, light, one=fields[chosen]: one)
        field = find_motion(shot(turning), kernel_size=KERNEL).field
        assert len(asked) == times
        assert given is None or torch.equal(field.basis, given.basis)


def test_how_sure_one_kernel_is_is_looked_for_when_it_is_asked_and_once(shake, monkeypatch):
    asked = []
    monkeypatch.setattr(sys.modules[likeliest.__module__], "sureness", lambda *_: asked.append(1) or 0.4)
    found = find_motion(shot(constant(shake)), kernel_size=KERNEL)
    assert not asked
    assert [found.sureness(), found.sureness()] == [0.4, 0.4]
    assert len(asked) == 1


def test_up_to_a_size_a_path_is_fitted_to_the_whole_picture_and_beyond_to_windows_of_it(monkeypatch):
    module, asked = sys.modules[likeliest.__module__], []
    monkeypatch.setattr(module, "WHOLE", 100 * 100)
    field = constant(torch.ones(5, 5) / 25)

    class Path:
        def __init__(self, turns=0):
            self.field = field
            asked.append(f"{turns} turns")

        def further(self, turns):
            return Path(turns)

    monkeypatch.setattr(module, "found_path", lambda *_: Path())
    monkeypatch.setattr(module, "window_path", lambda *_: asked.append("windows") or field)
    for side in (100, 101):
        estimated_turning(torch.zeros(100, side), 5).improved()
    assert asked == ["0 turns", "2 turns", "windows"]


def test_tasks_side_by_side_import_nothing_of_scipy_for_the_first_time():
    script = """
import sys, torch
import deblur_lightning.estimation
module = sys.modules["deblur_lightning.estimation.dense_field"]

def packages():
    return {name for name in sys.modules if name.startswith("scipy.") and name.count(".") == 1}

def look(tasks):
    before = packages()
    answers = [task() for task in tasks]
    sys.exit(" ".join(packages() - before) or 0)

module.side_by_side = look
module.attempts_and_turning(torch.rand(100, 100, generator=torch.Generator().manual_seed(1)), 17)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_in_pictures_too_large_to_hold_a_grid_of_kernels_no_path_is_looked_for(monkeypatch):
    monkeypatch.setattr(sys.modules[likeliest.__module__], "HELD", 100 * 100)
    assert estimated_turning(torch.rand(101, 100, generator=torch.Generator().manual_seed(1)), 9) is None


@pytest.mark.usefixtures("of_the_whole_photo_or_of_windows")
def test_a_larger_sharp_picture_is_left_alone():
    test_a_sharp_picture_is_left_alone()


def test_kernels_that_fill_their_squares_are_no_path():
    even = constant(torch.full((KERNEL, KERNEL), KERNEL**-2.0))
    assert fills_its_square(even)
    long = torch.zeros(KERNEL, KERNEL)
    long[KERNEL // 2, 1:-1] = 1 / (KERNEL - 2)
    assert not fills_its_square(constant(long))


def test_a_sharp_picture_is_left_alone():
    nothing = constant(no_blur(torch.zeros(KERNEL, KERNEL)))
    found = dense_field(shot(nothing), kernel_size=KERNEL)
    moved = 1 - found.mean_kernel()[0, KERNEL // 2, KERNEL // 2]
    assert moved < 0.02


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_picture_without_any_edge_shows_no_motion(value):
    field = dense_field(torch.full((1, 3, 64, 70), value), kernel_size=9)
    check_field(field)
    assert field.coefficients.shape[-2:] == (64, 70)
    assert torch.equal(field.mean_kernel()[0], no_blur(torch.zeros(9, 9)))


@pytest.mark.parametrize(
    ("blurry", "options", "remedy"),
    [
        (torch.zeros(2, 3, 80, 80), {}, "one by one"),
        (torch.zeros(1, 3, 80, 60), {}, "smaller kernel_size"),
        (torch.zeros(1, 3, 80, 33), {"kernel_size": 15}, "needs 34 pixels each way. Pass a larger picture"),
        (torch.zeros(1, 3, 80, 80), {"kernel_size": 16}, "Pass 17"),
        (torch.zeros(1, 3, 80, 80), {"kernel_size": 3}, "Pass 5"),
        (torch.full((1, 3, 80, 80), 128.0), {}, "Divide it by 255"),
        (torch.zeros(1, 3, 80, 80), {"gamma": 0.0}, "gamma"),
    ],
)
def test_what_cannot_be_estimated_is_refused(blurry, options, remedy):
    with pytest.raises(ValueError, match=remedy):
        dense_field(blurry, **options)
