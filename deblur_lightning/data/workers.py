"""Loading processes that leave signals to the training: it saves first, and still needs them for that."""

import os
import signal
import threading


def leave_signals_to_training(worker: int) -> None:
    """Ignore Ctrl-C, and SIGTERM unless it comes from the training itself; a DataLoader's ``worker_init_fn``.

    A terminal interrupts, and SLURM terminates, every process of a job at once. A loading process that dies of it
    brings the training down in the middle of a step, before it can save.

    Args:
        worker: its number, which does not matter.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):  # Linux, where SLURM runs
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
        pass
    os._exit(0)
