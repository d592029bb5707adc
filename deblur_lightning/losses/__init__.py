"""The losses of both papers: tensors in, a scalar out."""
