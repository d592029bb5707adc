import json
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from deblur_lightning.data import ADE20K, COCO, PhotoFolder, PhotoSource, Samples, SyntheticBlurDataModule
from deblur_lightning.data.frames import CorruptFrameError, read_frame
from deblur_lightning.data.scenes.coco import coco_photos, paint_instances, run_length_mask, run_lengths
from deblur_lightning.data.scenes.decoys import decoy
from deblur_lightning.data.scenes.photo_files import PhotoFile
from deblur_lightning.data.scenes.photo_scenes import PhotoScenes

CORRUPT = b"\xff\xd8\xff\xe0 not a picture"


def write_photo(path, seed, size=(70, 60)):
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def folder(tmp_path):
    for number in range(5):
        write_photo(tmp_path / "photos" / f"{number}.png", number)
    return tmp_path / "photos"


@pytest.fixture
def ade20k(tmp_path):
    """Scene-parsing form: a class map with two separate regions of one class, and one of another."""
    for part, count in (("training", 2), ("validation", 2)):
        for number in range(count):
            name = f"ADE_{part}_{number}"
            write_photo(tmp_path / "images" / part / f"{name}.jpg", number)
            classes = np.zeros((60, 70), np.uint8)
            classes[5:25, 5:25] = classes[35:55, 5:25] = 3
            classes[20:40, 40:65] = 7
            (tmp_path / "annotations" / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(classes).save(tmp_path / "annotations" / part / f"{name}.png")
    return tmp_path


@pytest.fixture
def coco(tmp_path):
    """Two photos a part: a polygon, a mask in numbers, the same mask as text, and a crowd."""
    for part in ("train", "val"):
        images, annotations = [], []
        for number in range(2):
            write_photo(tmp_path / f"{part}2017" / f"{number}.jpg", number)
            images.append({"id": number, "file_name": f"{number}.jpg", "width": 70, "height": 60})
            square = [[10, 10, 40, 10, 40, 40, 10, 40]]
            counts = [60 * 50 + 5, 20, *[40, 20] * 14, 60 * 5 + 35]
            shapes = [(square, 900, 0), ({"size": [60, 70], "counts": counts}, 300, 0), (square, 4000, 1)]
            for shape, area, crowd in shapes:
                annotations.append(
                    {"id": len(annotations), "image_id": number, "segmentation": shape, "area": area, "iscrowd": crowd}
                )
        (tmp_path / "annotations").mkdir(exist_ok=True)
        catalogue = {"images": images, "annotations": annotations}
        (tmp_path / "annotations" / f"instances_{part}2017.json").write_text(json.dumps(catalogue))
    return tmp_path


def module_of(source, **arguments):
    defaults = {"crop_size": 40, "kernel_size": 9, "num_workers": 0, "samples": Samples(8, 2)}
    return SyntheticBlurDataModule([source], **{**defaults, "batch_size": 2, **arguments})


def open_all(source):
    for split in ("train", "val", "test"):
        source.open(split, 48, 3)


def objects_in(draw, count=30):
    scenes = [draw(np.random.default_rng(seed)) for seed in range(count)]
    return [len(np.unique(scene.labels)) - 1 for scene in scenes], scenes


def test_a_folder_gives_each_photo_to_one_split(folder):
    source = PhotoFolder(folder)
    names = [{photo.name for photo in source.open(split, 48, 3).photos} for split in ("train", "val", "test")]
    assert [len(some) for some in names] == [3, 1, 1]
    assert len(set.union(*names)) == 5
    assert names[0] == {photo.name for photo in PhotoFolder(folder).open("train", 48, 3).photos}


def test_photos_without_segmentation_get_blobs_or_nothing(folder):
    with_blobs, scenes = objects_in(PhotoFolder(folder).open("train", 48, 3))
    assert set(with_blobs) >= {0, 1, 2}
    assert max(with_blobs) <= 3
    assert scenes[0].photo.shape == (48, 48, 3)
    without, _ = objects_in(PhotoFolder(folder, objects="none").open("train", 48, 3))
    assert set(without) == {0}


def test_photos_too_many_to_keep_are_read_when_drawn(folder):
    kept, read = (PhotoFolder(folder, memory=memory).open("train", 48, 2) for memory in (100, 0))
    first, second = (draw(np.random.default_rng(5)) for draw in (kept, read))
    assert np.array_equal(first.photo, second.photo)
    assert np.array_equal(first.labels, second.labels)


@pytest.mark.parametrize("make", ["folder", "ade20k", "coco"])
def test_every_kind_of_photos_on_disk_serves_training(make, request):
    root = request.getfixturevalue(make)
    module = module_of({"folder": PhotoFolder, "ade20k": ADE20K, "coco": COCO}[make](root))
    module.setup("fit")
    batch = next(iter(module.train_dataloader()))
    assert batch["blurry"].shape == (2, 3, 40, 40)
    assert all(name.startswith(f"train/{make}/") for name in batch["name"])
    assert len(list(module.val_dataloader())) == 1


def test_connected_regions_of_a_class_are_separate_objects(ade20k):
    draw = ADE20K(ade20k, min_area=100).open("train", 48, 3)
    _, segments = draw.photos[0].read()
    assert sorted(np.unique(segments)) == [0, 1, 2, 3]
    counts, _ = objects_in(draw)
    assert max(counts) >= 2
    assert {photo.name for photo in ADE20K(ade20k).open("val", 48, 3).photos} == {"ADE_validation_0"}
    assert {photo.name for photo in ADE20K(ade20k).open("test", 48, 3).photos} == {"ADE_validation_1"}


def test_the_full_form_of_ade20k_numbers_instances_in_blue(tmp_path):
    for number in range(3):
        photo = tmp_path / "training" / "street" / f"ADE_train_{number}.jpg"
        write_photo(photo, number)
        codes = np.zeros((60, 70, 3), np.uint8)
        codes[10:30, 10:30, 2], codes[10:30, 30:50, 2] = 1, 2
        Image.fromarray(codes).save(photo.with_name(f"ADE_train_{number}_seg.png"))
    draw = ADE20K(tmp_path, min_area=50).open("train", 48, 3)
    assert len(draw.photos) == 1
    assert sorted(np.unique(draw.photos[0].read()[1])) == [0, 1, 2]


def test_instances_are_painted_the_smaller_over_the_larger_and_crowds_not_at_all(coco):
    photo = coco_photos(coco, "train")[0]
    _, segments = photo.read()
    assert segments.shape == (60, 70)
    assert sorted(np.unique(segments)) == [0, 1, 2]
    assert abs((segments == 1).sum() - 900) <= 62
    assert (segments == 2).sum() == 300
    assert (segments[5:25, 50:65] == 2).all()


def test_run_lengths_as_text_are_those_in_numbers():
    def encoded(lengths):
        text = ""
        for index, length in enumerate(lengths):
            value = length - (lengths[index - 2] if index > 2 else 0)
            while True:
                bits, value = value & 31, value >> 5
                done = value == (-1 if bits & 16 else 0)
                text += chr(48 + bits + (0 if done else 32))
                if done:
                    break
        return text

    lengths = [3005, 20, 40, 20, 40, 7, 1000, 0, 5]
    assert run_lengths(encoded(lengths)).tolist() == lengths


def test_runs_go_down_the_columns():
    assert run_length_mask(np.array([1, 2, 3]), 3, 2).tolist() == [[False, False], [True, False], [True, False]]
    segments = paint_instances((2, 3), [np.array([1, 2, 3]), np.array([4, 2])])
    assert segments.tolist() == [[0, 0], [1, 2], [1, 2]]


def test_an_empty_or_missing_folder_is_told_before_training(tmp_path):
    with pytest.raises(FileNotFoundError, match="Check the folder"):
        module_of(PhotoFolder(tmp_path)).setup("fit")
    with pytest.raises(FileNotFoundError, match="Pass the folder that holds the photos"):
        module_of(PhotoFolder(tmp_path / "none")).setup("fit")
    with pytest.raises(FileNotFoundError, match="Pass the one that holds ADE20K"):
        module_of(ADE20K(tmp_path / "none")).setup("fit")
    with pytest.raises(FileNotFoundError, match="Pass the folder that holds them"):
        module_of(ADE20K(tmp_path)).setup("fit")
    with pytest.raises(FileNotFoundError, match="Pass the folder that holds COCO"):
        module_of(COCO(tmp_path)).setup("fit")


def test_two_photos_are_too_few_for_three_splits(tmp_path):
    for number in range(2):
        write_photo(tmp_path / f"{number}.png", number)
    with pytest.raises(ValueError, match="Add some"):
        module_of(PhotoFolder(tmp_path)).setup("fit")


def test_a_damaged_photo_is_named_first_or_left_out_on_request(folder):
    (folder / "broken.jpg").write_bytes(CORRUPT)
    with pytest.raises(ValueError, match=r"broken\.jpg is damaged"):
        open_all(PhotoFolder(folder))
    with pytest.warns(UserWarning, match=r"1 of 6 training photos are damaged and left out: .*broken\.jpg"):
        open_all(PhotoFolder(folder, skip_corrupt=True))


def test_splits_are_chosen_among_sound_photos(folder):
    names = sorted((zlib.crc32(path.name.encode()), path) for path in folder.iterdir())
    for _, path in names[:2]:  # what would validate and test
        path.write_bytes(CORRUPT)
    source = PhotoFolder(folder, skip_corrupt=True)
    with pytest.warns(UserWarning, match="2 of 5 training photos are damaged and left out"):
        splits = [source.open(split, 48, 3).photos for split in ("train", "val", "test")]
    assert [len(photos) for photos in splits] == [1, 1, 1]
    assert {photo.path for photos in splits for photo in photos} == {path for _, path in names[2:]}


def test_photos_that_are_all_damaged_are_told_as_that_and_not_as_small(folder):
    for path in folder.iterdir():
        path.write_bytes(CORRUPT)
    with pytest.raises(ValueError, match=r"png is damaged .* All 5 training photos are damaged\.$"):
        PhotoFolder(folder, skip_corrupt=True).open("train", 48, 3)


def broken_inside(path):
    """Write a JPEG whose header and end are sound, and whose middle is not decoded."""
    whole = Image.fromarray(np.random.default_rng(3).integers(0, 256, (60, 70, 3), np.uint8))
    whole.save(path, progressive=True)
    content = bytearray(path.read_bytes())
    scan = content.rindex(b"\xff\xda")
    content[scan + 2 : scan + 4] = b"\0\1"
    path.write_bytes(content)


def break_inside_png(path):
    """Make a PNG's pixels undecodable behind a sound header and whole chunks."""
    content = bytearray(path.read_bytes())
    pixels = content.index(b"IDAT") + 4
    content[pixels : pixels + 8] = bytes(8)
    path.write_bytes(content)


@pytest.mark.parametrize("memory", [100, 0])
def test_a_map_of_segments_that_cannot_be_decoded_is_named_or_its_photo_left_out(ade20k, memory):
    break_inside_png(ade20k / "annotations" / "training" / "ADE_training_0.png")
    (photo, _) = ADE20K(ade20k).find("training")
    with pytest.raises(CorruptFrameError, match=r"ADE_training_0\.png is no map of segments .*Copy it again"):
        photo.read()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw = ADE20K(ade20k, min_area=100, skip_corrupt=True, memory=memory).open("train", 48, 3)
    assert [photo.name for photo in draw.photos][-1] == "ADE_training_1"
    assert all(draw(np.random.default_rng(seed)).photo.shape == (48, 48, 3) for seed in range(10))


@pytest.mark.parametrize("memory", [100, 0])
def test_damage_that_only_decoding_finds_is_left_out_as_well(folder, memory):
    for name in ("6.jpg", "7.jpg"):
        broken_inside(folder / name)
    broken = {"6", "7"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw = PhotoFolder(folder, skip_corrupt=True, memory=memory).open("train", 48, 3)
    assert any(photo.name in broken for photo in draw.photos) == (memory == 0)
    scenes = [draw(np.random.default_rng(seed)) for seed in range(20)]
    assert all(scene.photo.shape == (48, 48, 3) for scene in scenes)
    with pytest.raises(CorruptFrameError, match=r"6\.jpg is damaged"):
        read_frame(folder / "6.jpg")


def test_crops_larger_than_every_photo_are_refused(folder):
    with pytest.raises(ValueError, match="Lower crop_size, or pass larger photos"):
        module_of(PhotoFolder(folder), crop_size=80).setup("fit")


def test_a_missing_annotation_is_told_with_its_path(ade20k, coco):
    (ade20k / "annotations" / "training" / "ADE_training_0.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"ADE_training_0\.png is missing, .*Unpack it too"):
        module_of(ADE20K(ade20k)).setup("fit")
    (coco / "annotations" / "instances_train2017.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"instances_train2017\.json is missing\. Unpack"):
        module_of(COCO(coco)).setup("fit")


def test_a_segmentation_of_another_size_is_told_with_the_photo(ade20k, coco):
    Image.fromarray(np.zeros((60, 71), np.uint8)).save(ade20k / "annotations" / "training" / "ADE_training_1.png")
    with pytest.raises(ValueError, match=r"ADE_training_1\.jpg is 70 x 60, but its segmentation 71 x 60\. Pair"):
        module_of(ADE20K(ade20k)).setup("fit")
    write_photo(coco / "train2017" / "1.jpg", 1, size=(80, 60))
    with pytest.raises(ValueError, match=r"1\.jpg is 80 x 60, but its segmentation 70 x 60\. Pair"):
        module_of(COCO(coco)).setup("fit")


def test_coco_annotations_that_do_not_fit_are_told(coco):
    path = coco / "annotations" / "instances_train2017.json"
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"instances_train2017\.json is damaged .* Unpack it again"):
        coco_photos(coco, "train")
    catalogue = json.loads(whole)
    catalogue["annotations"][1]["segmentation"]["size"] = [61, 70]
    path.write_text(json.dumps(catalogue))
    with pytest.raises(ValueError, match=r"but its instance 1 is 70 x 61\. Pair each photo"):
        coco_photos(coco, "train")
    (coco / "val2017" / "1.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"1\.jpg is missing, but it is annotated"):
        coco_photos(coco, "val")


def test_softness_blurs_about_half_of_the_scenes_and_none_at_zero():
    edges = np.zeros((64, 64, 3), np.uint8)
    edges[:, 32:] = 255

    class Edge:
        name = "edge"

        def read(self):
            return edges, None

    def kinds(softness):
        draw = PhotoScenes([Edge()], 64, 0, softness=softness)
        return [len(np.unique(draw(np.random.default_rng(seed)).photo[..., 0])) > 2 for seed in range(40)]

    assert not any(kinds(0.0))
    assert 10 <= sum(kinds(2.5)) <= 30


@pytest.mark.parametrize("kind", [PhotoFolder, ADE20K, COCO])
def test_sources_of_files_have_decoys_in_place_of_softness(kind, request):
    root = request.getfixturevalue({PhotoFolder: "folder", ADE20K: "ade20k", COCO: "coco"}[kind])
    draw, plain = kind(root, decoys=True).open("train", 48, 0), kind(root, softness=0.0).open("train", 48, 0)
    for seed in range(4):
        generator = np.random.default_rng(seed)
        expected = decoy(plain(generator).photo, generator)
        assert np.array_equal(draw(np.random.default_rng(seed)).photo, expected)


def test_a_source_of_ones_own_needs_to_find_its_photos_only(folder):
    class Own(PhotoSource):
        name = "own"

        def find(self, part):
            numbers = {"training": (0, 1), "validation": (2, 3, 4)}[part]
            return [PhotoFile(self.root / f"{number}.png") for number in numbers]

    source = Own(folder)
    names = [[photo.name for photo in source.open(split, 48, 0).photos] for split in ("train", "val", "test")]
    assert names == [["0", "1"], ["2", "4"], ["3"]]
    assert source.open("train", 48, 0)(np.random.default_rng(0)).photo.shape == (48, 48, 3)


@pytest.mark.parametrize("share", [-0.1, 5.0, float("nan")])
def test_a_share_of_native_scenes_that_is_none_is_refused(folder, share):
    with pytest.raises(ValueError, match=r"native is .*, but it is a share\. Pass 0 to 1\."):
        PhotoFolder(folder, native=share)
