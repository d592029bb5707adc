"""Photographs as files: read to tensors, written back with all that the file knew beside its pixels."""

from deblur_lightning.data.photos.formats import READ_SUFFIXES, UNREAD_SUFFIXES
from deblur_lightning.data.photos.reading import PIXEL_LIMIT, read_photo
from deblur_lightning.data.photos.record import PhotoError, PhotoRecord
from deblur_lightning.data.photos.writing import write_photo

__all__ = [
    "PIXEL_LIMIT",
    "READ_SUFFIXES",
    "UNREAD_SUFFIXES",
    "PhotoError",
    "PhotoRecord",
    "read_photo",
    "write_photo",
]
