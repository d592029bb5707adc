"""Tasks side by side: their answers, their cores, their failures, and what becomes of them at Ctrl-C."""

import re
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import torch

from deblur_lightning.side_by_side import one_core, side_by_side


@pytest.fixture
def two_cores():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def steps(seconds):
    """Take many short steps."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        torch.ones(4).sum()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_answers_come_in_the_order_of_the_tasks(two_cores, count):
    assert side_by_side([lambda number=number: number**2 for number in range(count)]) == [n**2 for n in range(count)]


def test_two_are_at_work_at_once_each_on_one_core(two_cores):
    both, seen = threading.Barrier(2, timeout=10), []

    def task():
        both.wait()
        seen.append((threading.get_ident(), torch.get_num_threads()))

    side_by_side([task, task])
    assert len({ident for ident, _ in seen}) == 2
    assert [cores for _, cores in seen] == [1, 1]
    assert torch.get_num_threads() == 2


@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="this PyTorch has no MKL")
def test_fourier_transforms_keep_to_one_core_too_and_get_back_what_they_had(two_cores):
    def transforms():
        return int(re.search(r"mkl_get_max_threads\(\) : (\d+)", torch.__config__.parallel_info()).group(1))

    both = threading.Barrier(2, timeout=10)

    def task():
        both.wait()
        return transforms()

    assert transforms() == 2
    assert side_by_side([task, task]) == [1, 1]
    with one_core():
        assert transforms() == 1
    assert transforms() == 2


@pytest.mark.parametrize(("most", "threads"), [(1, 1), (2, 2), (9, 3)])
def test_no_more_at_once_than_asked_for(most, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    seen = set()

    def task():
        seen.add(threading.get_ident())
        time.sleep(0.1)

    try:
        side_by_side([task] * 6, most)
    finally:
        torch.set_num_threads(before)
    assert len(seen) == threads


def test_with_one_core_they_take_turns_in_the_caller_s_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert side_by_side([threading.get_ident] * 3) == [threading.get_ident()] * 3
    finally:
        torch.set_num_threads(before)


def test_within_a_block_of_one_core_the_others_are_still_to_be_had(two_cores):
    with one_core():
        assert torch.get_num_threads() == 1
        both = threading.Barrier(2, timeout=10)
        side_by_side([both.wait, both.wait])
        with one_core():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_tasks_of_tasks_share_the_cores(two_cores):
    def inner():
        return side_by_side([threading.get_ident] * 2)

    for idents in side_by_side([inner, inner]):
        assert len(set(idents)) == 1


@pytest.mark.parametrize("record", [True, False])
def test_gradients_are_recorded_as_for_the_caller(two_cores, record):
    with torch.set_grad_enabled(record):
        assert side_by_side([torch.is_grad_enabled] * 2) == [record, record]


@pytest.mark.parametrize("failing", [0, 1])
def test_a_failure_is_raised_and_ends_the_others(two_cores, failing):
    both, done = threading.Barrier(2, timeout=10), []

    def fail():
        both.wait()
        raise ValueError("no")

    def go_on():
        both.wait()
        steps(0.3)
        done.append(1)

    tasks = [go_on, go_on]
    tasks[failing] = fail
    before = threading.active_count()
    with pytest.raises(ValueError, match="no"):
        side_by_side([*tasks, *[lambda: done.append(2)] * 5])
    assert threading.active_count() == before
    assert 2 not in done


def test_a_failure_ends_whatever_the_others_are_about_to_do():
    script = textwrap.dedent("""
        import sys, torch
        from deblur_lightning.side_by_side import side_by_side
        sys.setswitchinterval(1e-6)
        torch.set_num_threads(2)
        def fail():
            raise ValueError
        def work():
            for _ in range(50):
                torch.ones(4).sum()
        for _ in range(1000):
            try:
                side_by_side([fail, work, work])
            except ValueError:
                pass
        print("ended")
    """)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.split() == ["ended"]


@pytest.mark.parametrize("own", [60, 0])
def test_ctrl_c_stops_what_runs_beside(own):
    script = textwrap.dedent("""
        import signal, threading, time, torch
        from deblur_lightning.side_by_side import side_by_side
        torch.set_num_threads(2)
        def steps_of(seconds):
            def steps():
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    torch.ones(4).sum()
            return steps
        side_by_side([steps_of(0), steps_of(0)])  # looks for OpenMP's runtimes, where Ctrl-C would be lost
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without
        ctrl_c = threading.Timer(0.5, lambda: signal.raise_signal(signal.SIGINT))
        ctrl_c.start()
        try:
            side_by_side([steps_of(OWN), steps_of(60)])
        except KeyboardInterrupt:
            still_there = [thread for thread in threading.enumerate() if thread is not ctrl_c]
            print("stopped", len(still_there))  # the timer's own thread may have a last step to do
    """).replace("OWN", str(own))
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.split() == ["stopped", "1"]
