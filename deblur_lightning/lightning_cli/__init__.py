"""What serves the `lightning` command alone."""
