"""Plain nn.Modules: the networks of both papers."""
