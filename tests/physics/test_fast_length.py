import pytest

from deblur_lightning.physics.fast_length import fast_length

FAST = sorted(4 * 2**two * 3**three * 5**five for two in range(10) for three in range(7) for five in range(5))


@pytest.mark.parametrize("least", [1, 4, 5, 31, 33, 133, 288, 289, 547, 1000])
def test_it_is_the_shortest_multiple_of_four_without_a_large_prime(least):
    assert fast_length(least) == next(length for length in FAST if length >= least)
