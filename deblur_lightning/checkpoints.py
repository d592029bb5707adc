"""Published weights, read without running them."""
