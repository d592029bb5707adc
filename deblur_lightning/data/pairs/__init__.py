"""Blurry and sharp pictures on disk, GoPro's and anyone's."""
