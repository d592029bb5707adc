"""Köhler et al. 2012, "Recording and playback of camera shake": 48 shaken shots, scored against all sharp frames."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import torch
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.batch import Batch
from deblur_lightning.data.checks import check_workers
from deblur_lightning.data.download import download, progress_bar, unpack
from deblur_lightning.data.kohler.files import (
    SAMPLE_NOTE,
    KohlerFolder,
    KohlerFrames,
    find_kohler,
    kohler_name,
    read_png,
)
from deblur_lightning.metrics.kohler_metric import PICTURES, Picture, parse_picture

ADDRESS = "http://people.kyb.tuebingen.mpg.de/rolfk/BenchmarkECCV2012"
ARCHIVES = {
    "BlurryImages.zip": "61ffb1434d93fca6c508976a7216d723",
    "GroundTruth_pngs_Image1.zip": "acb90b6d9bfdb4b2370e08a5fcb80e68",
    "GroundTruth_pngs_Image2.zip": "da440d3bf43b32bec0b7170ccd828f29",
    "GroundTruth_pngs_Image3.zip": "3a77c41c951367f35db52eb18496bbac",
    "GroundTruth_pngs_Image4.zip": "72ce9690c3ed1296358653396cf9576d",
}


class KohlerSample(TypedDict):
    """A blurry picture ``[3, H, W]`` in [0, 1], its name, and its sharp frames where there are any."""

    blurry: Tensor
    name: str
    frames: NotRequired[KohlerFrames]


class KohlerPictures(Dataset[KohlerSample]):
    """Blurry shots with their sharp frames; the frames are read only when a score iterates over them.

    Args:
        folder: as `find_kohler` gives it.
        pictures: which of them.
    """

    def __init__(self, folder: KohlerFolder, pictures: Sequence[Picture]) -> None:
        self.folder, self.pictures = folder, list(pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> KohlerSample:
        picture = self.pictures[index]
        path = self.folder.blurry[picture]
        blurry = torch.from_numpy(read_png(path)).permute(2, 0, 1).float() / 255
        sample: KohlerSample = {"blurry": blurry, "name": path.stem}
        if picture in self.folder.frames:
            sample["frames"] = self.folder.frames[picture]
        return sample


class KohlerDataModule(LightningDataModule):
    """The Köhler benchmark: testing scores by the official protocol, prediction restores; there is nothing to train on.

    Args:
        root: the folder of the unpacked archives, of the authors' .mat files, of a flat copy, or of the sample set.
        download: fetch the five archives (many GB) into ``root`` and unpack them, if they are missing.
        pictures: restrict to these, as ``[Blurry1_1, Blurry4_12]``; YAML reads a bare 1_1 as the number 11.
        num_workers: processes that load blurry pictures; frames are read where they are scored.
    """

    def __init__(
        self, root: Path, download: bool = False, pictures: list[str] | None = None, num_workers: int = 0
    ) -> None:
        super().__init__()
        check_workers(num_workers)
        self.root, self.download, self.num_workers = Path(root).expanduser(), download, num_workers
        self.pictures = [parse_picture(name) for name in pictures] if pictures else None

    def prepare_data(self) -> None:
        if self.download:
            download_kohler(self.root)

    @property
    def table_name(self) -> str:
        """What tables call these pictures; see `kohler_name`."""
        return kohler_name(self.root, len(self.chosen))

    def setup(self, stage: str) -> None:
        if stage in ("fit", "validate"):
            job = getattr(stage, "value", stage)  # Lightning passes an enumeration
            raise ValueError(f"stage is {job}, but Köhler is a test set. Train on synthetic or GoPro pictures.")
        folder = find_kohler(self.root)
        there = [which for which in folder.blurry if stage == "predict" or which in folder.frames]
        chosen = self.pictures or there
        lacking = [str(which) for which in chosen if which not in there] if there else ["every picture"]
        if lacking:
            raise FileNotFoundError(
                f"{self.root} lacks the blurry shot or the sharp frames of {', '.join(lacking)}. "
                "Unpack their archives there, or choose other pictures."
            )
        rank_zero_info(f"{len(chosen)} of {len(PICTURES)} Köhler pictures in {self.root}.")
        self.chosen = KohlerPictures(folder, chosen)

    def test_dataloader(self) -> DataLoader[KohlerSample]:
        return self._loader()

    def predict_dataloader(self) -> DataLoader[KohlerSample]:
        return self._loader()

    def _loader(self) -> DataLoader[KohlerSample]:
        return DataLoader(self.chosen, batch_size=1, num_workers=self.num_workers, collate_fn=collate)


def collate(samples: Sequence[KohlerSample]) -> Batch:
    """Stack samples of one size."""
    batch: Batch = {
        "blurry": torch.stack([sample["blurry"] for sample in samples]),
        "name": [sample["name"] for sample in samples],
    }
    if all("frames" in sample for sample in samples):
        batch["frames"] = [sample["frames"] for sample in samples]
    return batch


def download_kohler(root: Path, address: str = ADDRESS, archives: Iterable[str] = tuple(ARCHIVES)) -> None:
    """Fetch and unpack the archives whose pictures are not there yet; an interrupted call is resumed by the next.

    Args:
        root: the folder; made as needed.
        address: where the archives lie.
        archives: which of the five.

    Raises:
        OSError: the server or the disk fails.
        ValueError: a checksum is wrong, or ``root`` holds a sample set.
    """
    if (root / SAMPLE_NOTE).exists():
        raise ValueError(f"{root} holds a sample set, but the benchmark would mix with it. Pass another folder.")
    for name in archives:
        done = root / f".{name}.unpacked"
        if done.exists():
            continue
        archive = root / name
        with progress_bar(name) as show:
            download(f"{address}/{name}", archive, ARCHIVES[name], show)
        unpack(archive, root)
        done.touch()
        archive.unlink()
