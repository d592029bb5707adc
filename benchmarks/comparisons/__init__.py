"""One comparison a file, found by its name.

A file has a one-line docstring (its title), and ``cases()``: an iterator of `benchmarks.comparison.Case`, each with the
plain formulation first. Cases are built one at a time, so a generator keeps one case's tensors in memory.
"""
