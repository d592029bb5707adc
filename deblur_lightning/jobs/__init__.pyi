from .checkpoint_paths import find_checkpoint as find_checkpoint
from .kernels import draw_kernels as draw_kernels
from .load_restorer import load_restorer as load_restorer
from .restore import restore_photos as restore_photos
from .restorer import Restorer as Restorer
from .score_kohler import MethodScores as MethodScores
from .score_kohler import score_folders as score_folders
