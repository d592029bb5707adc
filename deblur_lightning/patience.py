"""How PyTorch's threads wait for one another: asleep, so that other programs' work does not stall ours."""

import os


def wait_asleep() -> None:
    """Have OpenMP's threads sleep while they wait; to be called before torch is imported.

    By default they spin: each small FFT ends when the last thread arrives, and where another program has the core that
    one waits for, the others burn theirs until the scheduler turns. On two cores beside one busy process, ten updates
    of Richardson-Lucy took 49 s with two spinning threads, 0.4 s with two that sleep, and 0.4 s with one. Whoever has
    set ``OMP_WAIT_POLICY`` is not overruled.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
