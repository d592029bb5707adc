"""Photos with holes: nothing shows in them, and nothing moved there."""

import numpy as np
import pytest
import torch
from PIL import Image

from deblur_lightning.commands._seen_photo import whole_answer, whole_field
from deblur_lightning.commands.compare import read_sharp
from deblur_lightning.commands.demo.desk import PhotoDesk
from deblur_lightning.commands.kernels import draw_kernels
from deblur_lightning.commands.page import show_photo
from deblur_lightning.deblurring import Deblurred, Deblurrer, PhotoDeblurrer
from deblur_lightning.field import KernelField, check_field, delta_field
from deblur_lightning.photos import PhotoRecord, read_photo

ROWS, COLUMNS = slice(6, 30), slice(10, 42)


class Moved(Deblurrer):
    """Stands for a model: everything moved by a pixel, and is half as bright."""

    sees_motion = undoes_motion = True

    def forward(self, blurry, exposure=None):
        return Deblurred(blurry / 2, self.field(blurry))

    def field(self, blurry, exposure=None):
        field = delta_field(blurry, 3)
        return field._replace(basis=field.basis.roll(1, -1))


def holed(place):
    """A photo that shows in a rectangle, with a hole in it."""
    pixels = np.random.default_rng(4).integers(0, 256, (40, 60, 4)).astype(np.uint8)
    pixels[..., 3] = 0
    pixels[ROWS, COLUMNS, 3] = 255
    pixels[12:18, 20:30, 3] = 0
    Image.fromarray(pixels).save(place)
    return place, pixels[..., 3] > 0


def test_a_field_holds_where_the_photo_shows_and_nothing_moved_elsewhere(tmp_path):
    path, shows = holed(tmp_path / "a.png")
    blurry, record = read_photo(path)
    seen = blurry[(..., *record.visible)]
    answer = whole_answer(Moved()(seen), blurry, record)
    check_field(answer.field)
    moved = answer.field.coefficients[0, 0].bool().numpy()
    assert np.array_equal(moved, shows)
    assert answer.field.kernel_at(0, 0)[0].argmax() == 4  # a delta's
    assert answer.field.kernel_at(7, 11)[0].argmax() == 5
    torch.testing.assert_close(answer.picture[..., ROWS, COLUMNS], blurry[..., ROWS, COLUMNS] / 2)
    torch.testing.assert_close(answer.picture[..., :6, :], blurry[..., :6, :])


@pytest.mark.parametrize("shape", [(12, 16), (6, 8), (11, 15)])
def test_a_field_of_fewer_pixels_is_laid_where_it_belongs(shape):
    alpha = np.zeros((40, 60), np.uint8)
    alpha[ROWS, COLUMNS] = 255
    field = whole_field(KernelField(torch.eye(9)[5].view(1, 1, 3, 3), torch.ones(1, 1, *shape)), alpha)
    check_field(field)
    size = field.coefficients.shape[-2:]
    rows, columns = (torch.nonzero(field.coefficients[0, 0])[:, axis] for axis in (0, 1))
    for places, length, wanted in ((rows, size[0], (6 / 40, 30 / 40)), (columns, size[1], (10 / 60, 42 / 60))):
        assert places.min().item() / length == pytest.approx(wanted[0], abs=1 / length)
        assert (places.max().item() + 1) / length == pytest.approx(wanted[1], abs=1 / length)


def test_nothing_moved_in_a_photo_of_which_nothing_shows():
    still = whole_field(
        KernelField(torch.eye(9)[5].view(1, 1, 3, 3), torch.ones(1, 1, 8, 9)), np.zeros((8, 9), np.uint8)
    )
    check_field(still)
    assert still.kernel_at(3, 3)[0].argmax() == 4
    torch.testing.assert_close(still.coefficients[0, 0], torch.zeros(8, 9))


def test_a_small_thing_on_a_large_canvas_needs_little_memory():
    alpha = np.zeros((4000, 6000), np.uint8)
    alpha[1000:1200, 3000:3300] = 255
    field = whole_field(KernelField(torch.eye(9)[5].view(1, 1, 3, 3), torch.ones(1, 1, 200, 300)), alpha)
    rows, columns = field.coefficients.shape[-2:]
    assert 1e6 < rows * columns < 1.6e6
    seen = torch.nonzero(field.coefficients[0, 0] > 0.5).float().mean(0)
    assert (seen / torch.tensor((rows, columns))).tolist() == pytest.approx((1100 / 4000, 3150 / 6000), abs=0.01)


def test_a_photo_is_scored_where_it_shows(tmp_path):
    path, _ = holed(tmp_path / "a.png")
    blurry, record = read_photo(path)
    sharp = torch.from_numpy(np.asarray(Image.open(path).convert("RGB")) / 255).float().permute(2, 0, 1)[None]
    shown = show_photo(tmp_path / "page", "photo", "a.png", blurry, record, {}, sharp)
    assert shown["scores"]["Blurry"].get("psnr", 99.0) > 60


def test_an_opaque_photo_is_left_alone():
    answer = Deblurred(torch.rand(1, 3, 8, 8), delta_field(torch.rand(1, 3, 8, 8)))
    whole = whole_answer(answer, torch.rand(1, 3, 8, 8), PhotoRecord())
    assert whole.picture is answer.picture
    assert whole.field is answer.field
    assert whole.notes == answer.notes


def read_shown(home):
    with Image.open(home) as picture:
        return np.asarray(picture.convert("RGB"))


def test_page_and_demo_show_white_and_no_motion_where_nothing_shows(tmp_path, monkeypatch):
    path, shows = holed(tmp_path / "a.png")
    blurry, record = read_photo(path)
    model = PhotoDeblurrer(Moved())
    packed = []
    monkeypatch.setattr(
        "deblur_lightning.reports.page.pictures.pack_field", lambda field: packed.append(field) or {"count": 1}
    )
    shown = show_photo(tmp_path / "page", "photo", "a.png", blurry, record, {"moved": model})
    asked = PhotoDesk({"moved": model}, tmp_path / "demo").show("a.png", path.read_bytes()).picture
    for folder, picture in ((tmp_path / "page", shown), (tmp_path / "demo", asked)):
        assert len(picture["pictures"]) == 2
        for version in picture["pictures"]:
            values = read_shown(folder / picture["slug"] / version["file"])
            assert (values[~shows] == 255).all()
            assert values[shows].mean() < 140
    assert len(packed) == 2
    for field in packed:
        assert np.array_equal(field.coefficients[0, 0].bool().numpy(), shows)


def test_figures_and_true_pictures_are_over_white(tmp_path, monkeypatch):
    path, shows = holed(tmp_path / "a.png")
    blurry, record = read_photo(path)
    sharp = read_sharp(path, path, blurry)[0].numpy()
    assert (sharp[:, ~shows] == 1).all()
    drawn = []
    monkeypatch.setattr("deblur_lightning.reports.draw_field", lambda *given: drawn.append(given))
    monkeypatch.setattr("deblur_lightning.reports.draw_basis", lambda *given: None)
    monkeypatch.setattr("deblur_lightning.reports.draw_coefficients", lambda *given, **named: None)
    monkeypatch.setattr("deblur_lightning.reports.save_figure", lambda *given, **named: None)
    draw_kernels(blurry, record, PhotoDeblurrer(Moved()), tmp_path / "a")
    ((seen, field),) = drawn
    inside = shows[ROWS, COLUMNS]
    assert (seen[0].numpy()[:, ~inside] == 1).all()
    assert np.array_equal(field.coefficients[0, 0].bool().numpy(), inside)
