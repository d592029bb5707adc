from .evaluation import RestorationModule as RestorationModule
