from .checkpoint_files import WholeFileCheckpoints as WholeFileCheckpoints
from .growing_log import GrowingLog as GrowingLog
from .keep_last import KeepLast as KeepLast
from .log_pictures import LogPictures as LogPictures
from .show_pictures import ShowPictures as ShowPictures
from .step_seeds import StepSeeds as StepSeeds
from .stop_on_nan import StopOnNaN as StopOnNaN
from .stop_on_nan import load_failed_step as load_failed_step
