"""PhotosAlone: photos without sharp ones, to be restored as `deblur restore` would."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from torch.utils.data import Dataset

from deblur_lightning.data.pairs.paired_images import Sample
from deblur_lightning.photos import read_photo


class PhotosAlone(Dataset[Sample]):
    """Photos as `read_photo` gives them: upright, gray or colour, 16 bits where the file has them, cut to what shows.

    Args:
        photos: files by the name of each, unique.
    """

    def __init__(self, photos: Mapping[str, Path]) -> None:
        self.photos = list(photos.items())

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> Sample:
        name, path = self.photos[index]
        image, record = read_photo(path)
        return {"blurry": image[0][(..., *record.visible)], "name": name, "path": str(path)}


def named(photos: list[Path], root: Path) -> dict[str, Path]:
    """Name photos by their paths below a folder, without suffix unless two would have the same name."""
    below = [path.relative_to(root) for path in photos]
    stems = Counter(path.with_suffix("") for path in below) + Counter(below)  # anim.gif.png's stem is anim.gif
    return {
        (path.with_suffix("") if stems[path.with_suffix("")] == 1 else path).as_posix(): photo
        for path, photo in zip(below, photos, strict=True)
    }
