"""Work that can be ended in the middle, whoever does it and however few steps it tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode


@contextmanager
def interruptible(check: Callable[[], None]) -> Iterator[None]:
    """Ask before each of PyTorch's functions that this thread calls whether the work is still wanted.

    A large photo's motion is estimated for many seconds before a share is told; PyTorch's functions are called all the
    time: at 1280 x 720 `blind` calls 330,000, none for longer than 0.2 s, and asking before each takes a tenth more.

    Args:
        check: raises where it is not.
    """
    with torch.no_grad(), _Asking(check):  # whatever is ended in the middle, gradients are then as they were before
        yield


class _Asking(TorchFunctionMode):
    """Asks before each call."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self.check = check

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        self.check()
        return func(*args, **(kwargs or {}))
