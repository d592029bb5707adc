"""Sharp scenes, blurred on the fly with known motion."""
