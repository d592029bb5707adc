from .formats import READ_SUFFIXES as READ_SUFFIXES
from .formats import UNREAD_SUFFIXES as UNREAD_SUFFIXES
from .reading import PIXEL_LIMIT as PIXEL_LIMIT
from .reading import read_photo as read_photo
from .record import PhotoError as PhotoError
from .record import PhotoRecord as PhotoRecord
from .writing import write_photo as write_photo
