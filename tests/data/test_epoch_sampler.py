import pytest

from deblur_lightning.data.epoch_sampler import EpochSampler


@pytest.mark.parametrize(("length", "replicas"), [(12, 2), (7, 3), (2, 3)])
def test_processes_share_an_epoch_equally_and_leave_nothing_out(length, replicas):
    shares = [list(EpochSampler(range(length), 5, replicas, rank, epoch=4)) for rank in range(replicas)]
    assert {len(share) for share in shares} == {-(-length // replicas)}
    assert {index for share in shares for _, index in share} == set(range(length))
    assert {epoch for share in shares for epoch, _ in share} == {4}


def test_the_order_changes_with_epoch_and_seed_and_repeats_otherwise():
    def order(seed, epoch):
        return [index for _, index in EpochSampler(range(50), seed, epoch=epoch)]

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_a_resumed_epoch_skips_what_was_seen_once():
    sampler = EpochSampler(range(9), epoch=2, skip=4)
    whole = list(EpochSampler(range(9), epoch=2))
    assert list(sampler) == whole[4:]
    sampler.set_epoch(2)
    assert list(sampler) == whole


def test_a_plain_loop_goes_on_to_the_next_epoch_and_one_that_is_told_does_not():
    sampler = EpochSampler(range(9), epoch=2)
    first, second = list(sampler), list(sampler)
    assert (first, second) == tuple(list(EpochSampler(range(9), epoch=epoch)) for epoch in (2, 3))
    sampler.set_epoch(2)
    assert list(sampler) == first
