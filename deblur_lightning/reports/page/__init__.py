"""The page of results: tables, figures and pictures to explore, for any browser and without a network."""

from deblur_lightning.reports.page.packing import PackedField, pack_field
from deblur_lightning.reports.page.pictures import PagePicture, add_picture, read_pictures, remove_picture
from deblur_lightning.reports.page.rendering import PageFigure, find_figures, render_demo, render_page

__all__ = [
    "PackedField",
    "PageFigure",
    "PagePicture",
    "add_picture",
    "find_figures",
    "pack_field",
    "read_pictures",
    "remove_picture",
    "render_demo",
    "render_page",
]
