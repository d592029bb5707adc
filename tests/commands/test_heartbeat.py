import time

from deblur_lightning.commands._heartbeat import Heartbeat
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
    assert lines[0] == "a.jpg: in work for 0 s"
    reach(0.25)
    assert waited_for(lambda: lines[-1] == "a.jpg: in work for 0 s, 25% done")


def test_it_is_silent_once_the_job_is_done_or_another_has_begun():
    lines = []
    heartbeat = Heartbeat(lines.append, every=0.005)
    heartbeat.watch("a.jpg")(1.0)
    heartbeat.watch("b.jpg")
    assert waited_for(lambda: len(lines) > 2)
    assert {line.partition(":")[0] for line in lines} == {"b.jpg"}
    heartbeat.stop()
    time.sleep(0.02)
    said = len(lines)
    time.sleep(0.03)
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
    assert said.err.startswith("a [b].jpg: in work for 0 s\n")
