"""What is fast, beside its plain formulation: ``make benchmark``, or ``python -m benchmarks NAME``."""
