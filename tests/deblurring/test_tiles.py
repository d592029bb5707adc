import threading
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deblur_lightning.deblurring.tiles import (
    BLEND,
    CONTEXT,
    LEAST_HALF,
    OVERLAP,
    counts,
    fewest,
    map_tiles,
    melting,
    spans,
)


@pytest.mark.parametrize("length", [1, 7, 256, 257, 300, 511, 512, 513, 1000, 4321])
@pytest.mark.parametrize("tile", [256, 384, 1024])
def test_spans_cover_a_side_overlap_and_weigh_one_at_each_pixel(length, tile):
    pieces = list(spans(length, fewest(length, tile)))
    total = torch.zeros(length)
    for start, end in pieces:
        assert 0 <= start < end <= length
        assert end - start <= tile
        total[start:end] += melting((start, end), length)
    assert torch.allclose(total, torch.ones(length), atol=1e-6)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == length


@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([256, 700, 1152]))
def test_tiles_done_at_once_are_at_most_as_large_as_asked_and_leave_neither_core_longer_at_work(height, width, tile):
    def pieces(down, across):
        return [(row, column) for row in spans(height, down) for column in spans(width, across)]

    def rounds(layout):  # the first tile is as large as any
        (top, bottom), (left, right) = pieces(*layout)[0]
        return -(-len(pieces(*layout)) // 2) * (bottom - top) * (right - left)

    down, across = counts(height, width, tile)
    plain = fewest(height, tile), fewest(width, tile)
    assert rounds((down, across)) <= rounds(plain)
    for length, count, least in ((height, down, plain[0]), (width, across, plain[1])):
        first, last = next(spans(length, count))
        assert least <= count <= least + 1
        assert last - first <= tile
        assert count == least or last - first >= LEAST_HALF


def test_a_photo_for_one_tile_is_halved_along_its_longer_side_where_two_cores_share_it():
    assert counts(768, 1024, 1152) == (1, 2)
    assert counts(1024, 768, 1152) == (2, 1)
    assert counts(600, 800, 1152) == (1, 1)
    assert counts(1500, 2000, 1152) == (2, 2)
    assert counts(3000, 4000, 1152) == (3, 4)


def test_a_function_of_each_pixel_leaves_no_seam():
    photo = torch.rand(1, 3, 600, 700)
    assert torch.allclose(map_tiles(photo, lambda tile, ends, corner: 0.5 * tile, 256), 0.5 * photo, atol=1e-6)


def test_a_function_that_sees_up_to_the_context_around_a_pixel_is_exact():
    reach = CONTEXT - 1
    photo = torch.rand(1, 1, 500, 410)

    def mean(piece):
        return torch.nn.functional.avg_pool2d(piece, 2 * reach + 1, stride=1, padding=reach)

    assert torch.allclose(map_tiles(photo, lambda tile, ends, corner: mean(tile), 300), mean(photo), atol=1e-5)


def test_tiles_that_differ_by_a_constant_meet_without_a_step():
    levels = iter(range(100))
    result = map_tiles(torch.zeros(1, 1, 40, 1500), lambda tile, ends, corner: tile + next(levels), 400)
    assert result.diff(dim=-1).abs().max() <= 1 / BLEND + 1e-4


def test_a_tile_is_never_larger_than_asked_and_progress_ends_at_one():
    shapes, shares = [], []
    map_tiles(
        torch.rand(1, 1, 300, 999), lambda tile, ends, corner: (shapes.append(tile.shape), tile)[1], 256, shares.append
    )
    assert max(max(shape[-2:]) for shape in shapes) <= 256
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert len(shares) == 1 + len(shapes) > 5


def test_a_tile_is_told_which_of_its_sides_are_the_photos():
    photo = torch.zeros(1, 1, 300, 500)
    photo[..., 0, :], photo[..., -1, :] = 1, 2
    photo[..., 1:-1, 0], photo[..., 1:-1, -1] = 3, 4

    def check(tile, ends, corner):
        assert torch.equal(tile[0, 0, 0, 0], photo[0, 0, corner[0], corner[1]])
        middle = tile.shape[-2] // 2, tile.shape[-1] // 2
        outermost = (
            tile[0, 0, 0, middle[1]],
            tile[0, 0, -1, middle[1]],
            tile[0, 0, middle[0], 0],
            tile[0, 0, middle[0], -1],
        )
        assert [value > 0 for value in outermost] == list(ends)
        return tile

    map_tiles(photo, check, 256)
    map_tiles(photo, check, 600)


def test_a_photo_within_one_tile_is_done_at_once():
    seen = []
    map_tiles(torch.rand(1, 3, 256, 256), lambda tile, ends, corner: (seen.append(tile.shape), tile)[1], 256)
    assert seen == [(1, 3, 256, 256)]


def test_a_tile_too_small_to_overlap_is_refused():
    with pytest.raises(ValueError, match=f"overlap by {OVERLAP} pixels. Pass at least {2 * OVERLAP}"):
        map_tiles(torch.rand(1, 3, 8, 8), lambda tile, ends, corner: tile, 100)


def test_tiles_side_by_side_make_the_same_picture_and_are_all_counted():
    photo, shares = torch.rand(1, 3, 600, 900), []
    alone = map_tiles(photo, lambda tile, ends, corner: tile.sin() + corner[0] / 600, 256)
    threads = set()

    def restore(tile, ends, corner):
        threads.add(threading.get_ident())
        time.sleep(0.01)
        return tile.sin() + corner[0] / 600

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        beside = map_tiles(photo, restore, 256, shares.append, at_once=2)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(beside, alone)
    assert len(threads) == 2
    assert shares == [number / (len(shares) - 1) for number in range(len(shares))]
    assert len(shares) - 1 == fewest(600, 256) * fewest(900, 256)


def test_a_photo_for_one_tile_is_cut_where_that_is_asked_for_however_many_are_done_at_once():
    photo = torch.rand(1, 1, 70, 1000)
    for at_once in (1, 2):
        widths, shares = [], []

        def double(tile, ends, corner, widths=widths):
            widths.append((tile.shape[-1], ends.left, ends.right))
            return 2 * tile

        made = map_tiles(photo, double, 1152, shares.append, at_once, paired=True)
        torch.testing.assert_close(made, 2 * photo)
        assert sorted(widths, key=lambda one: one[1]) == [(564, False, True), (564, True, False)]
        assert shares == [0, 0.5, 1]
        widths.clear()
        map_tiles(photo, double, 1152, at_once=at_once)
        assert widths == [(1000, True, True)]


def test_a_failure_of_a_tile_beside_reaches_the_caller():
    def restore(tile, ends, corner):
        if corner != (0, 0):
            raise ValueError("no such tile")
        time.sleep(0.2)
        return tile

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="no such tile"):
            map_tiles(torch.rand(1, 3, 256, 500), restore, 256, at_once=2)
    finally:
        torch.set_num_threads(before)
