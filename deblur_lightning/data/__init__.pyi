from .gopro import GoProDataModule as GoProDataModule
from .layouts import find_pairs as find_pairs
from .pairs import PairedImages as PairedImages
from .photos import PhotoRecord as PhotoRecord
from .photos import read_photo as read_photo
from .photos import write_photo as write_photo
