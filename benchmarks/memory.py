"""The most memory a call holds beyond what was there before it."""

import ctypes
import gc
import re
from collections.abc import Callable
from pathlib import Path

import torch

PROCESS = Path("/proc/self")


def peak_megabytes(run: Callable[[], object]) -> float:
    """Call ``run`` once: the growth of the process's resident memory, or of the GPU's if one is in use.

    Results count, and so does scratch space of the libraries below torch. NaN where the system keeps no such record
    (it is Linux's).
    """
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    if not (PROCESS / "clear_refs").exists():
        return float("nan")
    ctypes.CDLL(None).malloc_trim(0)  # what freed blocks still occupy would hide growth
    (PROCESS / "clear_refs").write_text("5")  # the peak starts from here
    before = _kilobytes("VmRSS")
    run()
    return (_kilobytes("VmHWM") - before) / 1e3


def _kilobytes(record: str) -> int:
    found = re.search(rf"{record}:\s+(\d+)", (PROCESS / "status").read_text())
    return int(found[1]) if found else 0
