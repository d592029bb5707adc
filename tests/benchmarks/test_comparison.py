"""The benchmark's frame; nothing here measures time."""

import math
import subprocess
import sys

import pytest
import torch

from benchmarks.bfloat16 import affordable
from benchmarks.comparison import Case, compare
from benchmarks.memory import peak_megabytes


def test_every_variant_runs_and_ratios_are_of_the_first():
    calls = []
    case = Case("append", {"plain": lambda: calls.append("plain"), "fast": lambda: calls.append("fast")})
    plain, fast = compare(case, repetitions=2)
    assert calls[:4] == ["plain", "plain", "fast", "fast"]
    assert (plain.task, plain.times_faster, fast.task, fast.variant) == ("append", 1, "", "fast")
    assert math.isclose(fast.times_faster, plain.milliseconds / fast.milliseconds)


def test_a_rate_is_the_work_over_the_median_and_empty_where_the_work_is_not_known():
    variants = {"plain": lambda: torch.ones(2000).sum(), "fast": lambda: torch.ones(20).sum()}
    plain, fast = compare(Case("add", variants, {"plain": 2e-6}), repetitions=1)
    assert plain.giga_per_second is not None
    assert math.isclose(plain.giga_per_second, 2e-6 / (plain.milliseconds / 1e3))
    assert fast.giga_per_second is None


def test_peak_memory_counts_what_was_freed_again():
    megabytes = peak_megabytes(lambda: torch.ones(25_000_000).sum())
    assert math.isnan(megabytes) or 95 < megabytes < 130


@pytest.mark.parametrize("slow", [True, False])
def test_bf16_variants_are_left_out_where_it_is_emulated(monkeypatch, slow):
    monkeypatch.setattr("benchmarks.bfloat16.bfloat16_is_slow", lambda: slow)
    case = affordable(Case("step", {"plain": lambda: None, "losses, bf16": lambda: None}))
    assert len(case.variants) == (1 if slow else 2)


def test_an_unknown_comparison_is_named_beside_the_known_ones():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "blurr"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no comparison is called blurr. Pass some of blur" in done.stderr
