from .checkpoint_paths import find_checkpoint as find_checkpoint
from .load_restorer import load_restorer as load_restorer
from .restorer import Restorer as Restorer
