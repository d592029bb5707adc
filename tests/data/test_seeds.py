"""A seed that no generator takes is told where it is named, not by NumPy when the first sample is drawn."""

import pytest

from deblur_lightning.data import (
    CellFieldDataModule,
    CombinedDataModule,
    DeadLeaves,
    FieldWindowsDataModule,
    GoProDataModule,
    MotionBlurDataModule,
    SynthesizedDataModule,
    SyntheticBlurDataModule,
)

MAKERS = {
    "DeadLeaves": DeadLeaves,
    "MotionBlurDataModule": MotionBlurDataModule,
    "CellFieldDataModule": CellFieldDataModule,
    "SyntheticBlurDataModule": SyntheticBlurDataModule,
    "GoProDataModule": lambda **seed: GoProDataModule("pairs", **seed),
    "SynthesizedDataModule": lambda **seed: SynthesizedDataModule("pairs", **seed),
    "FieldWindowsDataModule": lambda **seed: FieldWindowsDataModule("windows", **seed),
    "CombinedDataModule": lambda **seed: CombinedDataModule(
        GoProDataModule("pairs"), SyntheticBlurDataModule(), **seed
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_negative_seed_is_refused_where_it_is_named(maker):
    assert MAKERS[maker](seed=0) is not None
    with pytest.raises(ValueError, match=r"seed is -1, but a seed cannot be negative\. Pass 0\."):
        MAKERS[maker](seed=-1)
