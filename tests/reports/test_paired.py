import numpy as np
import pytest
from scipy import stats

from deblur_lightning.reports.paired import compare_figures, paired_rows


def test_means_wins_and_the_test_are_those_of_the_differences():
    random = np.random.default_rng(0)
    first = random.normal(25, 3, 30)
    second = first + random.normal(0.4, 0.5, 30)
    second[4] = first[4]
    found = compare_figures("psnr", first.tolist(), second.tolist())
    differences = second - first
    assert (found.first, found.second) == pytest.approx((first.mean(), second.mean()))
    assert found.difference == pytest.approx(differences.mean())
    assert (found.wins, found.losses, found.ties) == ((differences > 0).sum(), (differences < 0).sum(), 1)
    assert found.p_value == stats.wilcoxon(second, first).pvalue
    student = stats.t.interval(0.95, 29, differences.mean(), stats.sem(differences))  # near the bootstrap's, at 30
    assert (found.low, found.high) == pytest.approx(student, abs=0.03)
    less = compare_figures("error", first.tolist(), second.tolist(), more_is_better=False)
    assert (less.wins, less.losses) == (found.losses, found.wins)


def test_a_resampling_loop_gives_the_same_interval():
    random = np.random.default_rng(1)
    differences = random.normal(0.2, 1, 200)
    found = compare_figures("psnr", np.zeros(200).tolist(), differences.tolist())
    means = [random.choice(differences, 200).mean() for _ in range(4000)]
    assert (found.low, found.high) == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.02)


def test_equal_differences_have_no_spread_and_equal_runs_no_winner():
    found = compare_figures("psnr", [20.0, 21.0, 22.0], [20.5, 21.5, 22.5])
    assert (found.low, found.high, found.wins) == (0.5, 0.5, 3)
    same = compare_figures("psnr", [20.0, 21.0], [20.0, 21.0])
    assert (same.difference, same.ties, same.p_value) == (0.0, 2, 1.0)


def test_pictures_without_a_finite_figure_are_not_compared():
    found = compare_figures("psnr", [20.0, np.inf, np.nan], [21.0, 30.0, 30.0])
    assert (found.pictures, found.difference, found.low) == (1, 1.0, 1.0)
    with pytest.raises(ValueError, match="Leave it out"):
        compare_figures("psnr", [np.inf], [20.0])


def test_pictures_are_paired_by_name_and_others_are_named():
    first = [{"name": "b", "psnr": "1"}, {"name": "a", "psnr": "2"}]
    second = [{"name": "a", "psnr": "3"}, {"name": "b", "psnr": "4"}]
    pairs = paired_rows(first, second, ("old", "new"))
    assert [(x["psnr"], y["psnr"]) for x, y in pairs] == [("1", "4"), ("2", "3")]
    with pytest.raises(ValueError, match=r"old has b, but new does not \(1 such of 2\).*Score both on the same set"):
        paired_rows(first, second[:1], ("old", "new"))
    with pytest.raises(ValueError, match="new has b, but old does not"):
        paired_rows(first[1:], second, ("old", "new"))
    with pytest.raises(ValueError, match=r"new has no scores of single pictures.*Score it again"):
        paired_rows(first, [], ("old", "new"))
    with pytest.raises(ValueError, match=r"new has several rows of b, but pictures are told by their names. Keep one"):
        paired_rows(first, [*second, {"name": "b", "psnr": "5"}], ("old", "new"))
