"""An AVIF as FFmpeg writes it: with other depths and codes of colour than Pillow's."""

from pathlib import Path

import av
import numpy as np


def write_avif(path: Path, pixels: np.ndarray, primaries: int = 1, transfer: int = 13, bits: int = 8) -> Path:
    """Write pixels ``[H, W, 3]`` uint8 as an AVIF of 8 or 10 bits, with codes of ITU-T H.273."""
    layout = {8: "yuv420p", 10: "yuv420p10le"}[bits]
    with av.open(path, "w", format="avif") as container:
        stream = container.add_stream("libsvtav1", rate=1)
        stream.height, stream.width, stream.pix_fmt = (*pixels.shape[:2], layout)
        codec = stream.codec_context
        codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range = primaries, transfer, 6, 2
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=layout)
        container.mux([*stream.encode(frame), *stream.encode()])
    return path
