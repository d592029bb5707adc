"""Lengths that Fourier transforms do fast."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def fast_length(least: int) -> int:
    """Give the shortest length from ``least`` on that is four times a product of 2, 3 and 5.

    Real transforms of odd lengths take twice as long for a sample, those of twice an odd number a third longer: MKL on
    a CPU with AVX-512, lengths from 64 to 320.
    """
    length = max(4, -(-least // 4) * 4)
    while not _is_smooth(length):
        length += 4
    return length


def _is_smooth(number: int) -> bool:
    for prime in (2, 3, 5):
        while number % prime == 0:
            number //= prime
    return number == 1
