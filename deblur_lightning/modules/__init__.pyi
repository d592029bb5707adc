from .adaptive_basis import AdaptiveBasisModule as AdaptiveBasisModule
from .deblurgan import DeblurGANModule as DeblurGANModule
from .evaluation import RestorationModule as RestorationModule
from .regression import RegressionModule as RegressionModule
from .save_restored import SaveRestored as SaveRestored
