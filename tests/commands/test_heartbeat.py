import time

import pytest

from deblur_lightning.commands._heartbeat import Heartbeat, in_words
from deblur_lightning.commands._progress import Console


def waited_for(condition):
    """Wait until something holds, for a few seconds at most."""
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    return condition()


def test_a_long_job_says_now_and_then_that_it_goes_on_and_how_far_it_is():
    lines = []
    heartbeat = Heartbeat(lines.append, every=0.005)
    reach = heartbeat.watch("a.jpg")
    assert waited_for(lambda: lines)
    assert lines[0] == "a.jpg: in progress for 0 s"
    reach(0.25)
    assert waited_for(lambda: lines[-1].startswith("a.jpg: in progress for 0 s, 25% done"))


def test_it_says_how_long_the_rest_will_take_counted_from_when_the_share_was_0(monkeypatch):
    now, lines = [100.0], []
    monkeypatch.setattr("deblur_lightning.commands._heartbeat.time.monotonic", lambda: now[0])
    heartbeat = Heartbeat(lines.append, every=0.005)
    reach = heartbeat.watch("a.jpg")
    now[0] += 50
    reach(0.0)
    now[0] += 40
    reach(0.25)
    assert waited_for(lambda: lines[-1:] == ["a.jpg: in progress for 90 s, 25% done, about 2 min left"])
    now[0] += 90
    assert waited_for(lambda: lines[-1] == "a.jpg: in progress for 180 s, 25% done, about 30 s left")
    now[0] += 40
    assert waited_for(lambda: lines[-1] == "a.jpg: in progress for 220 s, 25% done")
    heartbeat.stop()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (1.2, "2 s"), (89.5, "90 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (36000, "10.0 h")],
)
def test_times_are_said_as_exactly_as_matters(seconds, said):
    assert in_words(seconds) == said


def test_it_is_silent_once_the_job_is_done_or_another_has_begun():
    lines = []
    heartbeat = Heartbeat(lines.append, every=0.1)  # on a busy machine a job takes a while to begin and be done
    heartbeat.watch("a.jpg")(1.0)
    heartbeat.watch("b.jpg")
    assert waited_for(lambda: len(lines) > 2)
    assert {line.partition(":")[0] for line in lines} == {"b.jpg"}
    heartbeat.stop()
    time.sleep(0.02)
    said = len(lines)
    time.sleep(0.25)
    assert len(lines) == said


def test_nobody_listening_does_not_end_it():
    heard = []

    def say(line):
        heard.append(line)
        raise BrokenPipeError

    Heartbeat(say, every=0.005).watch("a.jpg")
    assert waited_for(lambda: len(heard) > 1)


def test_without_a_terminal_the_lines_go_to_standard_error_and_results_to_standard_output(capsys):
    with Console(every=0.005) as console:
        console.watch("a [b].jpg")
        time.sleep(0.1)
        console.say("done")
    said = capsys.readouterr()
    assert said.out == "done\n"
    assert said.err.startswith("a [b].jpg: in progress for 0 s\n")
