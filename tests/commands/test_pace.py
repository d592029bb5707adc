import pytest

from deblur_lightning.commands._pace import Pace


@pytest.fixture
def now(monkeypatch):
    """A clock that the test turns."""
    clock = [100.0]
    monkeypatch.setattr("deblur_lightning.commands._pace.time.monotonic", lambda: clock[0])
    return clock


def test_between_two_steps_of_a_steady_job_the_time_left_is_what_it_will_really_take(now):
    pace, tiles, seconds = Pace(), 5, 12.0  # each tile
    pace.tell(0.0)
    for tile in range(tiles):
        for sixth in range(6):
            if tile:
                assert pace.seconds_left() == pytest.approx((tiles - tile) * seconds - sixth * seconds / 6)
            now[0] += seconds / 6
        pace.tell((tile + 1) / tiles)


def test_nothing_is_said_before_a_share_is_told_nor_after_the_time_has_passed(now):
    pace = Pace()
    now[0] += 50
    assert pace.seconds_left() is None
    pace.tell(0.0)  # what came before is not counted
    now[0] += 10
    pace.tell(0.5)
    assert pace.seconds_left() == 10
    now[0] += 10
    assert pace.seconds_left() is None
    assert pace.share == 0.5
