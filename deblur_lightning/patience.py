"""How PyTorch's threads wait for one another: asleep, so that other programs' work does not stall ours."""

import os


def wait_asleep() -> None:
    """Have threads sleep while they wait; to be called before torch is imported.

    By default OpenMP's spin: each step ends when the last thread arrives, and where another program has the core that
    one waits for, the others burn theirs until the scheduler turns. On two cores beside one busy process, ten updates
    of Richardson-Lucy took 49 s with two spinning threads, 0.4 s with two that sleep, and 0.4 s with one.

    MKL's Fourier transforms of two dimensions spin whatever OpenMP is told: beside three busy processes, one of
    160 x 160 pixels took 4.5 ms of both threads' time instead of 0.1 ms of one's, and `deblur restore` of a small
    photo 35 s instead of 7. So each transform keeps to one thread; the rest of PyTorch takes all it is given. (MKL
    forgets this once `torch.set_num_threads` is called with more than one; within `one_core` it is told again.)

    Whoever has set ``OMP_WAIT_POLICY`` or ``MKL_DOMAIN_NUM_THREADS`` is not overruled.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("MKL_DOMAIN_NUM_THREADS", "MKL_DOMAIN_FFT=1")
