"""Many small steps on several cores: whole tasks side by side, each on one core, in place of each step on several."""

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

Answer = TypeVar("Answer")

_mine = threading.local()


@contextmanager
def one_core() -> Iterator[None]:
    """Have each of this thread's steps take one core, until the end of the block.

    Steps of a millisecond gain nothing from a second core, and lose where another program has it: each waits for the
    last. MKL, which makes the Fourier transforms, counts its threads apart from OpenMP; on two idle cores its second
    one, which spins, had `BlindEstimator` take 24 s in place of 9. `side_by_side` within the block still takes as many
    as PyTorch had before it.
    """
    cores = getattr(_mine, "cores", None)
    _mine.cores = torch.get_num_threads() if cores is None else cores
    before = _set_mkl_threads(1)
    try:
        with _openmp().limit(limits=1):
            yield
    finally:
        _set_mkl_threads(before)
        _mine.cores = cores


def side_by_side(tasks: Sequence[Callable[[], Answer]], most: int | None = None) -> list[Answer]:
    """Do tasks that do not depend on one another, as many at once as PyTorch may use cores, each on one core.

    Args:
        tasks: each is called once. Gradients are recorded or not as for the caller.
        most: how many at once, where each takes much memory; None sets no limit.

    Returns:
        Their answers, in their order.

    Raises:
        BaseException: what a task raised, or what came to the caller's thread meanwhile, as Ctrl-C does. No other task
            is begun then; those that run beside the caller's thread are stopped at their next step if it was that.
    """
    cores = getattr(_mine, "cores", None) or torch.get_num_threads()
    numbers, lock = iter(range(len(tasks))), threading.Lock()
    answers: dict[int, Answer] = {}
    failures: list[BaseException] = []
    recording = torch.is_grad_enabled()

    def work() -> None:
        while not failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            answers[number] = tasks[number]()

    def help_with(ended: threading.Event) -> None:
        try:
            torch.get_num_threads()  # PyTorch sets its number in each new thread; then comes ours
            _mine.cores = 1
            with one_core(), torch.set_grad_enabled(recording):
                work()
        except BaseException as failure:  # noqa: BLE001 - the caller raises the first
            failures.append(failure)
        finally:
            ended.set()

    at_once = min(cores, len(tasks)) if most is None else min(cores, len(tasks), most)
    ends = [threading.Event() for _ in range(at_once - 1)]
    helpers = [threading.Thread(target=help_with, args=(ended,)) for ended in ends]
    try:
        for helper in helpers:
            helper.start()
        with one_core():
            _mine.cores = 1  # what the tasks have to share out among themselves
            work()
        for helper, ended in zip(helpers, ends, strict=True):
            while not ended.wait(0.1):
                torch.empty(0)  # who watches this thread's steps, to stop it, has one to see
            helper.join()
    except BaseException as failure:
        failures.append(failure)  # nobody begins another task
        for helper, ended in zip(helpers, ends, strict=True):
            _stop(helper, ended)
        raise
    if failures:
        raise failures[0]
    return [answers[number] for number in range(len(tasks))]


def _stop(thread: threading.Thread, ended: threading.Event) -> None:
    """Raise SystemExit, which ends a thread without a word, in one that runs; wait for its end.

    `join`, once interrupted, would not: it comes when the thread has nothing left to do.
    """
    # It may be stopped before it is ready to say that it has ended.
    while thread.ident is not None and thread.is_alive() and not ended.is_set():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        ended.wait(0.1)
    if thread.ident is not None:
        thread.join()


def _set_mkl_threads(count: int) -> int:
    """Set how many threads MKL takes for this thread's steps, and return how many it took; 0 leaves that to MKL."""
    setter = _mkl_setter()
    return 0 if setter is None else setter(count)


@cache
def _mkl_setter() -> Callable[[int], int] | None:
    """Look for the function in the MKL that PyTorch has within it, on some machines."""
    folder = Path(torch.__file__).with_name("lib")
    for name in ("libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.dll"):  # beside a .lib, which is not to be loaded
        if (folder / name).is_file():
            return getattr(ctypes.CDLL(str(folder / name)), "MKL_Set_Num_Threads_Local", None)
    return None


@cache
def _openmp() -> ThreadpoolController:
    """Look for the process's OpenMP runtimes, once."""
    return ThreadpoolController().select(user_api="openmp")
