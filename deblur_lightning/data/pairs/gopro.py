"""GoPro (Nah et al. 2017) and every other set of blurry and sharp pictures."""

from pathlib import Path
from typing import Literal

from lightning_utilities.core.rank_zero import rank_zero_info, rank_zero_warn
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from deblur_lightning.data.checks import check_count, check_seed, check_workers
from deblur_lightning.data.pairs.frame_cache import FrameCache
from deblur_lightning.data.pairs.layouts import GOPRO_TEST_PAIRS, GoProBlur, Layout, Split, blur_to_record, find_pairs
from deblur_lightning.data.pairs.lists import LIST_SUFFIXES
from deblur_lightning.data.pairs.paired_images import PairedImages, Sample
from deblur_lightning.data.pairs.pairing import Pair
from deblur_lightning.data.pairs.photos_alone import PhotosAlone, named
from deblur_lightning.data.pairs.soundness import Files, sound_pairs
from deblur_lightning.data.pairs.splits import Selection
from deblur_lightning.data.resuming import ResumableLoader
from deblur_lightning.data.workers import leave_signals_to_training
from deblur_lightning.photos import FoundPhotos, find_photos, photo_size, read_photo
from deblur_lightning.photos.finding import no_photo

Part = Literal["train", "val", "test", "predict"]


class GoProDataModule(LightningDataModule):
    """Blurry and sharp pictures from disk; held-out training sequences validate, so the test split selects nothing.

    The layout is found, not told: GOPRO_Large, its flattened forms, RealBlur, HIDE, REDS, list files, pictures side
    by side (see `find_pairs`). GoPro has 2,103 training and 1,111 test pairs of 1280 x 720. Training sees random
    crops, flipped and turned alike; evaluation whole frames, one at a time. Every pair is checked before training.

    Args:
        root: the folder that holds ``train`` and ``test``, or the pairs themselves, or a list file; for prediction
            also a folder of blurry pictures alone, or one picture.
        blur: ``blur`` averages frames as recorded, ``blur_gamma`` in linear light (gamma 2.2); say which in tables.
        layout: how pairs lie below ``root``, where that cannot be found out.
        selection: which pairs train, validate and test.
        files: how the pictures' files are checked and read.
        crop_size: side of a random training crop, in pixels.
        augment: flip and turn training crops.
        batch_size: crops per training step and process.
        num_workers: loading processes per split.
        seed: of order, crops and turns; the same whatever the number of workers.

    Raises:
        FileNotFoundError: in `setup`: there is no such folder, or nothing in it that is known.
        OSError: in `prepare_data`: ``files.cache`` has no room for the frames.
        ValueError: in `setup`: pairs that do not fit, damaged ones (unless ``files.skip_corrupt``), pictures smaller
            than the crop, sequences that are not there, or none left to train, validate or test on.
    """

    pictures: type[PairedImages] = PairedImages

    def __init__(
        self,
        root: Path,
        blur: GoProBlur = "blur",
        layout: Layout = Layout(),  # noqa: B008 - frozen
        selection: Selection = Selection(),  # noqa: B008 - frozen
        files: Files = Files(),  # noqa: B008 - frozen
        crop_size: int = 256,
        augment: bool = True,
        batch_size: int = 8,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_count("crop_size", crop_size)
        check_count("batch_size", batch_size)
        check_workers(num_workers)
        check_seed(seed)
        self.root, self.blur = Path(root), blur
        self.layout, self.selection, self.files = layout, selection, files
        self.crop_size, self.augment, self.seed = crop_size, augment, seed
        self.batch_size, self.num_workers = batch_size, num_workers
        self._checked: dict[str, list[Pair]] = {}
        self._there: dict[str, int] = {}
        self._frames: FrameCache | None = None

    @property
    def table_name(self) -> str:
        """What tables call the test pictures: GoPro's are 1,111; other sets go by their folder."""
        return "GoPro" if len(self.test_pairs) == GOPRO_TEST_PAIRS else self.root.expanduser().absolute().name

    @property
    def table_blur(self) -> str:
        """Which of GoPro's blurs they have; empty for sets that have one blur."""
        return blur_to_record(self.test_pairs.pairs, self.blur, self.root)

    @property
    def tests_part(self) -> bool:
        """Tell whether test pictures are a part of those there: held out from training, or undamaged."""
        return len(self.test_pairs) < self._there["test"]

    def prepare_data(self) -> None:
        if self.files.cache is not None and self._stage() in (None, "fit"):
            self._cache()

    def setup(self, stage: str) -> None:
        if stage in ("fit", "validate"):
            self.val_pairs = self.pictures(self._pairs("val"))
        if stage == "validate" and not len(self.val_pairs):
            raise ValueError(
                f"{self.root} has no validation pictures, as held_out is 0. Pass selection.held_out=0.1, or run a test."
            )
        if stage == "fit":
            frames = {} if self.files.cache is None else {"frames": self._cache()}
            self.train_pairs = self.pictures(self._pairs("train"), self.crop_size, self.augment, self.seed, **frames)
        if stage == "test":
            self.test_pairs = self.pictures(self._pairs("test"))
        if stage == "predict":
            self.predict_photos = self._to_restore()

    def train_dataloader(self) -> DataLoader[Sample]:
        return ResumableLoader(self.train_pairs, self.batch_size, self.num_workers, self.seed, self.trainer)

    def val_dataloader(self) -> DataLoader[Sample] | list[DataLoader[Sample]]:
        return self._whole(self.val_pairs) if len(self.val_pairs) else []

    def test_dataloader(self) -> DataLoader[Sample]:
        return self._whole(self.test_pairs)

    def predict_dataloader(self) -> DataLoader[Sample]:
        return self._whole(self.predict_photos)

    def _whole(self, pairs: PairedImages | PhotosAlone) -> DataLoader[Sample]:
        return DataLoader(pairs, batch_size=1, num_workers=self.num_workers, worker_init_fn=leave_signals_to_training)

    def _to_restore(self) -> PairedImages | PhotosAlone:
        """Find and check what is to be restored: photos alone, or the blurry ones of a test split."""
        root = self.root.expanduser()
        if self._only_blurry():
            found = FoundPhotos([root], []) if root.is_file() else find_photos(root)
            if found.passed_over:
                rank_zero_warn(f"{root}: {found.said()}.")
            if not found.photos:
                raise FileNotFoundError(no_photo(root, found.passed_over))
            photos = named(found.photos, root.parent if root.is_file() else root)
        elif self.layout.sharp_half is not None:
            return PairedImages(self._pairs("predict"))
        else:
            photos = {pair.name: pair.blurry for pair in self._found("predict")}
        return PhotosAlone(self._sound(photos))

    def _sound(self, photos: dict[str, Path]) -> dict[str, Path]:
        """Leave out photos that cannot be read, or stop at the first of them."""
        measure = read_photo if self.files.decodes(photos.values()) else photo_size
        sound, faults = {}, []
        for name, path in photos.items():
            try:
                measure(path)
                sound[name] = path
            except ValueError as error:
                if not self.files.skip_corrupt:
                    raise ValueError(f"{error} Or pass files.skip_corrupt=True.") from error
                faults.append(str(error))
        if faults and not sound:
            raise ValueError(f"{faults[0]} None of {len(faults)} photos can be read.")
        if faults:
            rank_zero_warn(f"{len(faults)} of {len(photos)} photos cannot be read and are left out: {faults[0]}")
        return sound

    def _pairs(self, part: Part) -> list[Pair]:
        """Find, choose and check the pairs of a part, once."""
        if part not in self._checked:
            chosen = self._found(part)
            crop_size = self.crop_size if part == "train" else None
            sound, faults = sound_pairs(chosen, self.files, crop_size)
            if faults:
                rank_zero_warn(f"{len(faults)} of {len(chosen)} {part} pairs are damaged and left out: {faults[0]}")
            self._checked[part] = sound
        return self._checked[part]

    def _found(self, part: Part) -> list[Pair]:
        """Find the pairs of a part."""
        split: Split = "train" if part in ("train", "val") else "test"
        found = find_pairs(self.root, split, self.blur, self.layout)
        self._there[part] = len(found.pairs)
        if part == "predict" or (part == "test" and (found.split or self.selection.evaluate_all)):
            chosen = found.pairs
        else:
            kept, held = self.selection.hold_out(found.pairs, self.root)
            chosen = self.selection.choose(kept, self.root) if part == "train" else held
            if part == "test" and not chosen:
                raise ValueError(
                    f"{self.root} makes no splits and held_out is 0. Pass selection.evaluate_all=True to test on all."
                )
        rank_zero_info(f"{part}: {len(chosen)} of {len(found.pairs)} pairs of {self.root} ({found.layout}).")
        if part == "test" and len(chosen) < len(found.pairs):
            rank_zero_info(
                f"{self.root} makes no splits, so only the pairs held out from training are scored. "
                "Pass selection.evaluate_all=True to score all."
            )
        return chosen

    def _only_blurry(self) -> bool:
        """Tell whether the root is one picture, or a folder of pictures without sharp ones."""
        root = self.root.expanduser()
        if root.is_file():
            return root.suffix.lower() not in LIST_SUFFIXES
        if not root.is_dir() or self.layout.sharp_half is not None:
            return False
        return not any(path.is_dir() and not path.name.startswith(".") for path in root.iterdir())

    def _cache(self) -> FrameCache:
        """Return the cache of the training frames, built once."""
        if self._frames is None:
            files = [file for pair in self._pairs("train") for file in pair.files()]
            self._frames = FrameCache(self.files.cache or self.root, files)
        self._frames.build(rank_zero_info)  # nothing to do after prepare_data
        return self._frames

    def _stage(self) -> str | None:
        return None if self.trainer is None or self.trainer.state.fn is None else self.trainer.state.fn.value
