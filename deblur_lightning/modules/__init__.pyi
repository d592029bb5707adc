from .adaptive_basis import AdaptiveBasisModule as AdaptiveBasisModule
from .adaptive_basis import FieldLosses as FieldLosses
from .deblurgan import DeblurGANModule as DeblurGANModule
from .deblurgan import Game as Game
from .deblurgan import Penalty as Penalty
from .deblurgan import Rate as Rate
from .regression import RegressionModule as RegressionModule
from .restoration import RestorationModule as RestorationModule
