from .photos import PhotoRecord as PhotoRecord
from .photos import read_photo as read_photo
from .photos import write_photo as write_photo
