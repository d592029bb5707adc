"""What methods are called in figures, tables and pages, where nobody named them."""

METHODS = {"AdaptiveBasisModule": "Adaptive", "DeblurGANModule": "DeblurGAN"}


def method_name(module: str) -> str:
    """Name the method of a module's class; an unknown one keeps the class's name."""
    return METHODS.get(module, module)
