import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from deblur_lightning.estimation import dense_field, drawn_field, light_streaks
from deblur_lightning.estimation.kernel_shape import centred
from tests.night import ground, lamps, path, taken, wide

TURNS = ((0, 9), (7, 0)), ((5, 5), (0, 8), (-6, 0)), ((0, 8), (4, 4), (0, 3))


def with_a_bright_pixel(light):
    light[:, 3, 3] = 1
    return light


def lingering():
    """A straight path of 31 pixels that stays long at one end, uncentred."""
    kernel = torch.zeros(33, 33)
    kernel[16, 1:32] = 1
    kernel[16, 1:6] = 4
    return kernel / kernel.sum()


def likeness(one, other):
    """Normalised correlation of two kernels at the best shift between them, by the definition."""
    best = 0.0
    for down in range(-4, 5):
        for right in range(-4, 5):
            best = max(best, (one * other.roll((down, right), (0, 1))).sum().item())
    return best / (one.norm() * other.norm()).item()


@pytest.mark.parametrize("turns", TURNS)
def test_points_of_light_in_the_dark_tell_the_kernel_itself(turns):
    kernel = path(turns)
    bright = 1 / kernel.max().item()  # whitest lamps nearly clip
    found = light_streaks(taken(lamps(light=(bright, bright))[0], kernel, noise=0.0))
    torch.testing.assert_close(found, centred(kernel), atol=1e-4, rtol=0)


@pytest.mark.parametrize("turns", TURNS)
def test_lamps_that_clip_before_a_scene_tell_the_kernel_nearly(turns):
    found = light_streaks(taken(ground() + lamps(light=(2.0, 60.0))[0], path(turns)))
    assert likeness(found, path(turns)) > 0.9
    assert found.sum().item() == pytest.approx(1, abs=1e-5)


def test_a_straight_path_is_told_from_a_line_by_the_lamp_s_width():
    straight = path(((0, 15),))
    found = light_streaks(taken(wide(lamps(light=(9.0, 60.0))[0]), straight))
    assert likeness(found, wide(straight[None])[0]) > 0.9


@pytest.mark.parametrize("size", [17, 33, 65])
def test_kernels_of_any_size_that_hold_the_streaks(size):
    found = light_streaks(taken(lamps(240, margin=48)[0], path()), size)
    assert found.shape == (size, size)


@pytest.mark.parametrize(
    "scene",
    [
        lambda: taken(lamps(count=3)[0], path()),  # too few
        lambda: taken(lamps()[0], path(((0, 4),))),  # points rather than streaks
        lambda: taken(lamps()[0], path(((0, 15), (0, 15), (0, 15)), 99)),  # longer than a kernel
        lambda: taken(lamps()[0], torch.ones(9, 9) / 81),  # out of focus
        lambda: 0.5 * taken(lamps()[0], path()),  # no lamps
        lambda: taken(lamps()[0], path(((0, 15),))),  # thinner than any lamp
        lambda: with_a_bright_pixel(0.5 * taken(lamps()[0], path())),
        lambda: taken(lamps(300, 9, (20.0, 40.0), 60)[0], lingering()),  # further to one side than a kernel reaches
        lambda: taken(0.6 + lamps(light=(2.0, 4.0))[0], path()),  # by day
        lambda: taken(ground(level=0.3), path()),  # nothing but a scene
        lambda: torch.zeros(3, 100, 100),
        lambda: torch.ones(1, 100, 100),
    ],
)
def test_what_does_not_draw_one_path_several_times_tells_nothing(scene):
    assert light_streaks(scene()) is None


def test_a_few_alike_among_many_of_other_shapes_tell_nothing():
    random, light = np.random.default_rng(0), torch.zeros(1, 420, 420)
    for number, (row, column) in enumerate(np.ndindex(9, 9)):
        steps = random.integers(-9, 10, (3, 2))
        steps[:, 0] *= random.permutation([0, 1, 1])
        turns = ((0, 9), (7, 0)) if number % 9 == 4 and number < 54 else tuple(map(tuple, steps.tolist()))
        one = path(turns, 43)
        light[0, 44 * row + 4 : 44 * row + 47, 44 * column + 4 : 44 * column + 47] += one / one.max()
    assert light_streaks(light) is None
    alone = torch.zeros_like(light)
    for row, column in ((0, 4), (1, 4), (2, 4), (3, 4), (4, 4)):
        alone[..., 44 * row + 4 : 44 * row + 47, 44 * column + 4 : 44 * column + 47] += path(size=43) * 16
    assert light_streaks(alone) is not None


def test_streaks_that_leave_the_picture_do_not_count():
    scene, places = lamps(220, count=9, margin=30)
    whole = taken(scene, path(), noise=0.0)
    assert light_streaks(whole[:, 10:, 10:]) is not None
    first, last = places.min(0), places.max(0)
    assert light_streaks(whole[:, first[0] : last[0], first[1] : last[1]]) is None  # one in the middle


def test_a_field_is_drawn_where_the_scene_may_have_moved_so_too():
    blurry = taken(ground(level=0.15) + lamps()[0], path())
    found = drawn_field(blurry, 33)
    assert torch.equal(found.basis[0, 0], light_streaks(blurry))
    dense = dense_field(blurry[None] ** (1 / 2.2))
    assert likeness(dense.basis[0, 0], path()) > 0.9
    assert dense.basis.shape[1] == 1


def test_signs_of_one_shape_in_a_sharp_scene_are_no_streaks():
    signs = (ground(level=0.15) + taken(lamps()[0], path(), 0.0)).clamp(0, 1)
    assert light_streaks(signs) is not None
    assert drawn_field(signs, 33) is None


@pytest.mark.parametrize("text", ["11:11  11:11", ">>> >>> >>>", "lllll 77777"])
def test_white_text_on_black_is_no_streaks(text):
    picture = Image.new("RGB", (320, 320))
    ImageDraw.Draw(picture).text((40, 120), text, font=ImageFont.load_default(size=30), fill="white")
    assert drawn_field((torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255) ** 2.2, 33) is None


def test_light_of_other_types_is_read_too_and_what_is_none_is_refused():
    blurry = taken(lamps()[0], path())
    torch.testing.assert_close(light_streaks(blurry.double()), light_streaks(blurry).double())
    assert light_streaks(blurry[:1]) is not None
    with pytest.raises(ValueError, match=r"light is \[1, 3, 160, 160\], but it is of one picture. Pass \[C, H, W\]"):
        light_streaks(blurry[None])
    with pytest.raises(ValueError, match=r"kernel_size is 32, but kernels have a centre. Pass 33"):
        light_streaks(blurry, 32)


def test_pictures_too_small_to_tell_have_no_drawn_field():
    blurry = taken(ground(96, level=0.2) + lamps(96, 9)[0], path(size=17))[:, :, 15:80]
    assert light_streaks(blurry, 17) is not None
    assert drawn_field(blurry, 17) is not None
    assert drawn_field(blurry, 33) is None
