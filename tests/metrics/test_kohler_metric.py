from pathlib import Path

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp

from deblur_lightning.metrics import KohlerScore, kohler_score
from deblur_lightning.metrics.kohler_metric import PICTURES, Picture, counted, counts, parse_picture

GENERATOR = np.random.default_rng(0)
FRAMES = [GENERATOR.integers(0, 256, (161, 162, 3), dtype=np.uint8) for _ in range(2)]
RESTORED = torch.from_numpy(GENERATOR.integers(0, 256, (3, 3, 161, 162), dtype=np.uint8))
NAMES = ["Blurry1_1", "Blurry1_2", "Blurry4_12"]


def scores(index: int) -> tuple[float, float]:
    result = kohler_score(RESTORED[index].permute(1, 2, 0), FRAMES)
    return result.psnr, result.mssim


def test_means_and_rows_are_those_of_the_function_and_a_picture_counts_once() -> None:
    metric = KohlerScore()
    metric.update(RESTORED, [FRAMES] * 3, NAMES)
    metric.update(RESTORED[:1] / 255.0, [iter(FRAMES)], NAMES[:1])
    assert metric.rows() == {name: pytest.approx(scores(index), rel=1e-12) for index, name in enumerate(NAMES)}
    psnr, mssim = np.mean([scores(index) for index in range(3)], axis=0)
    assert metric.compute() == {"psnr": pytest.approx(psnr), "mssim": pytest.approx(mssim)}


def test_of_picture_1_3_the_official_frames_alone_count() -> None:
    assert [number for number in range(1, 202) if not counts(Picture(1, 3), number)] == [30, 199, 200, 201]
    assert all(counts(picture, number) for picture in PICTURES if picture != (1, 3) for number in (30, 199, 200))
    assert [number for number, _ in counted(Picture(1, 3), range(199))] == [*range(1, 30), *range(31, 199)]
    assert [frame for _, frame in counted(Picture(1, 3), range(100, 131))] == [*range(100, 129), 130]


def test_frame_30_of_1_3_would_win_but_is_skipped() -> None:
    frames = [FRAMES[0]] * 29 + [RESTORED[0].permute(1, 2, 0).numpy()] + [FRAMES[1]]
    skipping, whole = KohlerScore(), KohlerScore()
    skipping.update(RESTORED[:1], [frames], ["x1_3"])
    whole.update(RESTORED[:1], [frames], ["x1_4"])
    assert skipping.rows()["x1_3"] == pytest.approx(scores(0), rel=1e-12)
    assert whole.rows()["x1_4"][0] == np.inf


def test_frames_that_know_their_numbers_are_told_by_these() -> None:
    class Numbered(list):
        numbers = (29, 30, 31)

    assert [number for number, _ in counted(Picture(1, 3), Numbered("abc"))] == [29, 31]


@pytest.mark.parametrize(("name", "message"), [("Blurry", "IMAGE_KERNEL"), ("B5_1", "1 to 4"), ("B1_13", "1 to 12")])
def test_names_that_do_not_parse_are_told(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"{name} .*{message}"):
        parse_picture(name)


def test_prefixes_may_end_in_anything() -> None:
    assert parse_picture("my_net_v2_1_10") == (1, 10)
    assert parse_picture("net23_4") == parse_picture("3_4") == (3, 4)


def test_an_unequal_batch_and_a_bad_picture_are_told() -> None:
    metric = KohlerScore()
    with pytest.raises(ValueError, match=r"1 sets of frames.*one of each"):
        metric.update(RESTORED, [FRAMES], NAMES)
    with pytest.raises(ValueError, match="Blurry1_1: restored is black"):
        metric.update(torch.zeros_like(RESTORED[:1]), [FRAMES], NAMES[:1])


def rank(number: int, folder: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=number, world_size=2)
    metric = KohlerScore()
    for index in ((0, 2), (1, 0))[number]:  # three pictures on two ranks: the sampler repeats the first
        metric.update(RESTORED[index : index + 1], [FRAMES], NAMES[index : index + 1])
    means = metric.compute()
    torch.save(means, f"{folder}/{number}.pt")
    torch.distributed.destroy_process_group()


def test_two_ranks_on_an_uneven_set_give_the_mean_of_one(tmp_path: Path) -> None:
    mp.spawn(rank, (str(tmp_path),), nprocs=2)
    one = KohlerScore()
    one.update(RESTORED, [FRAMES] * 3, NAMES)
    for number in range(2):
        means = torch.load(tmp_path / f"{number}.pt", weights_only=True)
        assert means == {name: pytest.approx(mean.item(), rel=1e-12) for name, mean in one.compute().items()}


def test_half_precision_is_scored_as_what_it_holds():
    picture = torch.rand(3, 170, 170, generator=torch.Generator().manual_seed(0)).bfloat16()
    frame = np.full((170, 170, 3), 90, np.uint8)
    scores = []
    for dtype in (torch.bfloat16, torch.float32):
        metric = KohlerScore()
        metric.update(picture[None].to(dtype), [[frame]], ["Blurry1_1"])
        scores.append(metric.compute()["psnr"])
    assert scores[0] == scores[1]
