import json

import numpy as np
import pytest
import torch
from PIL import Image
from unpacked_field import unpack_field

from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.reports.page import add_picture, read_pictures, remove_picture

HOSTILE = '../"><script>alert(1)</script>/ä \u2028.png'


def _pictures(seed=0, height=24, width=32):
    generator = torch.Generator().manual_seed(seed)
    levels = torch.randint(0, 256, (3, 3, height, width), generator=generator) / 255
    return dict(zip(("Blurry", "Adaptive", "Sharp"), levels, strict=True))


def _field(height=24, width=32):
    return delta_field(torch.zeros(1, 3, height, width), 5)


def test_a_record_names_files_that_hold_the_pictures_and_fields(tmp_path):
    pictures = _pictures()
    scores = {"Adaptive": {"psnr": 20.5, "ssim": float("nan")}, "Sharp": {"psnr": float("inf")}}
    record = add_picture(tmp_path, "photo", "a.png", pictures, {"Adaptive": _field()}, scores)
    assert read_pictures(tmp_path) == [record]
    assert record["scores"] == {"Adaptive": {"psnr": 20.5}, "Sharp": {}}
    for one in record["pictures"]:
        with Image.open(tmp_path / record["slug"] / one["file"]) as picture:
            expected = (pictures[one["title"]].permute(1, 2, 0).numpy() * 255).round()
            np.testing.assert_array_equal(np.asarray(picture), expected)  # small pictures lose nothing
    (field,) = record["fields"]
    path = f"{record['slug']}/{field['file']}"
    text = (tmp_path / path).read_text(encoding="ascii").strip()
    assert text.startswith("deblurField(")
    told, packed = json.loads(f"[{text.removeprefix('deblurField(').removesuffix(')')}]")
    assert told == path
    torch.testing.assert_close(unpack_field(packed), _field())


def test_another_method_joins_the_same_picture_between_blurry_and_sharp(tmp_path):
    pictures = _pictures()
    add_picture(tmp_path, "photo", "a.png", pictures, {"Adaptive": _field()}, {"Adaptive": {"psnr": 20.0}})
    second = {"Blurry": pictures["Blurry"], "DeblurGAN": pictures["Sharp"]}
    add_picture(tmp_path, "photo", "a.png", second, scores={"DeblurGAN": {"psnr": 21.0}})
    (record,) = read_pictures(tmp_path)
    assert [one["title"] for one in record["pictures"]] == ["Blurry", "Adaptive", "DeblurGAN", "Sharp"]
    assert [one["title"] for one in record["fields"]] == ["Adaptive"]
    assert list(record["scores"]) == ["Adaptive", "DeblurGAN"]


def test_what_is_said_of_each_version_is_kept_as_a_sentence(tmp_path):
    pictures = _pictures()
    add_picture(tmp_path, "photo", "a.png", pictures, notes={"Adaptive": ("hardly any motion seen", "90% sure")})
    add_picture(tmp_path, "photo", "a.png", {**pictures, "DeblurGAN": pictures["Sharp"]}, notes={"DeblurGAN": ()})
    (record,) = read_pictures(tmp_path)
    assert record["notes"] == {"Adaptive": "Hardly any motion seen; 90% sure.", "DeblurGAN": ""}


def test_a_picture_of_another_size_replaces_the_old_one(tmp_path):
    add_picture(tmp_path, "photo", "a.png", _pictures())
    add_picture(tmp_path, "photo", "a.png", {"Blurry": torch.zeros(3, 8, 8)})
    (record,) = read_pictures(tmp_path)
    assert [one["title"] for one in record["pictures"]] == ["Blurry"]
    assert (record["width"], record["height"]) == (8, 8)


def test_hostile_and_alike_names_stay_apart_and_inside_the_folder(tmp_path):
    folder = tmp_path / "page"
    for dataset, name in (("photo", HOSTILE), ("photo", "A b"), ("photo", "a-b"), ("photo-a", "b"), ("", "")):
        add_picture(folder, dataset, name, {HOSTILE: torch.zeros(3, 8, 8)})
    assert len(list(folder.iterdir())) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    assert all(file.parent.parent == folder for file in folder.rglob("*.*") if file.is_file())


def test_a_damaged_record_is_passed_over(tmp_path):
    record = add_picture(tmp_path, "photo", "a.png", _pictures())
    for name, text in (
        ("torn", '{"slug": "torn"'),
        ("deep", "[" * 100_000),
        ("other", "[]"),
        ("moved", json.dumps(record)),
        ("empty", json.dumps(record | {"slug": "empty", "pictures": []})),
        ("null", json.dumps(dict.fromkeys(record) | {"slug": "null"})),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "picture.json").write_text(text)
    assert read_pictures(tmp_path) == [record]


def test_removing_takes_that_picture_alone(tmp_path):
    keep, gone = (add_picture(tmp_path / "page", "photo", name, _pictures()) for name in ("a", "b"))
    for slug in (gone["slug"], "..", "", "absent"):
        remove_picture(tmp_path / "page", slug)
    assert read_pictures(tmp_path / "page") == [keep]


def test_pictures_of_several_sizes_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"pictures of a have 2 sizes.*Cut to one"):
        add_picture(tmp_path, "photo", "a", {"Blurry": torch.zeros(3, 8, 8), "Sharp": torch.zeros(3, 8, 9)})
    field = KernelField(torch.ones(2, 1, 1, 1), torch.ones(2, 1, 8, 8))
    with pytest.raises(ValueError, match="field has 2 pictures"):
        add_picture(tmp_path, "photo", "a", {"Blurry": torch.zeros(3, 8, 8)}, {"x": field})
    assert read_pictures(tmp_path) == []


def test_a_record_of_an_earlier_version_is_read_and_one_of_other_keys_is_not(tmp_path):
    record = add_picture(tmp_path, "photo", "a.png", {"Blurry": torch.zeros(3, 8, 9)}, reduced=4)
    assert record["reduced"] == 4
    path = tmp_path / record["slug"] / "picture.json"
    older = {key: value for key, value in record.items() if key != "reduced"}
    for kept, read in ((older, [older]), (record | {"more": 1}, []), ({"slug": record["slug"]}, [])):
        path.write_text(json.dumps(kept), encoding="utf-8")
        assert read_pictures(tmp_path) == read
