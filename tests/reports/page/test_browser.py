"""The page in a real browser, from a disk: divider, probe, keys, touch, narrow and dark screens, many pictures."""

import json
import re
import shutil

import numpy as np
import pytest
import torch

from deblur_lightning.commands.page import write_page
from deblur_lightning.field import KernelField
from deblur_lightning.reports.page import add_picture
from deblur_lightning.reports.results import Result, append_result

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser is installed: apt-get install chromium")

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
READ_KERNEL = """() => {
  const copy = new OffscreenCanvas(9, 9).getContext("2d", { willReadFrequently: true });
  copy.drawImage(document.querySelector("[data-part=kernel]"), 0, 0);
  return [...copy.getImageData(0, 0, 9, 9).data];
}"""
READ_ROWS = """(rows) => {
  const layer = document.querySelector("[data-part=motion-layer]"), { width, height } = layer;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(layer, 0, 0);
  return rows.map((y) => [...copy.getImageData(0, y, width, 1).data].filter((_, place) => place % 4 === 3));
}"""
OPENED = """() => {
  const part = (name) => viewer.querySelector(`[data-part=${name}]`);
  return part("said").textContent || part("failure").textContent || !part("field").value;
}"""
WIDTH, HEIGHT = 96, 64
HOSTILE = "<img src=x onerror=alert(1)>'\"&.png"


def _field():
    """Left half: light went from the centre to the right. Right half: straight down."""
    basis = torch.zeros(1, 2, 9, 9)
    basis[0, 0, 4, :5] = 0.2  # as correlation kernels, which are the light's path turned by half a turn
    basis[0, 1, :5, 4] = 0.2
    coefficients = torch.zeros(1, 2, HEIGHT, WIDTH)
    coefficients[:, 0, :, : WIDTH // 2] = 1
    coefficients[:, 1, :, WIDTH // 2 :] = 1
    return KernelField(basis, coefficients)


def _plain(red, green, blue):
    return torch.tensor((red, green, blue)).view(3, 1, 1).expand(3, HEIGHT, WIDTH).clone()


@pytest.fixture
def results(tmp_path):
    pictures = {"Blurry": _plain(1.0, 0, 0), "Adaptive": _plain(0, 0, 1.0), "Sharp": _plain(0, 1.0, 0)}
    scores = {"Blurry": {"psnr": 20.0}, "Adaptive": {"psnr": 22.5}}
    for name in ("a.png", HOSTILE):
        add_picture(tmp_path / "page", "photo", name, pictures, {"Adaptive": _field()}, scores)
    add_picture(tmp_path / "page", "still", "no field", {"Blurry": pictures["Blurry"]})
    return tmp_path


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a page, and fail in the end if it complained or asked for anything but files."""
    contexts, complaints, requests = [], [], []

    def visit(folder, picture="a.png", complain=True, **options):
        path = write_page(folder, folder / "results.jsonl")
        records = [json.loads(one.read_text()) for one in folder.glob("page/*/picture.json")]
        slug = next(one["slug"] for one in records if one["name"] == picture)
        contexts.append(browser.new_context(**{"viewport": {"width": 1100, "height": 900}, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(120_000)  # on a busy machine
        if complain:
            page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{path.as_uri()}#picture={slug}")
        page.wait_for_function(OPENED)
        page.asked = requests
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
    assert [one for one in requests if not one.startswith(("file://", "data:"))] == []


def part(page, name):
    return page.locator(f"[data-part={name}]")


def pixel(page, x, y):
    """The colour that the stage shows at a share of its width and height."""
    from io import BytesIO

    from PIL import Image

    page.wait_for_function("[...document.querySelectorAll('.stage img')].every((one) => one.complete)")
    shown = Image.open(BytesIO(part(page, "stage").screenshot())).convert("RGB")
    return shown.getpixel((int(x * shown.width), int(y * shown.height)))


def point(page, x, y):
    box = part(page, "stage").bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_the_divider_moves_by_mouse_and_keys(results, visit):
    page = visit(results)
    assert pixel(page, 0.3, 0.1) == (255, 0, 0)
    assert pixel(page, 0.7, 0.1) == (0, 0, 255)
    box = part(page, "stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert pixel(page, 0.7, 0.1) == (255, 0, 0)
    part(page, "divider").focus()
    page.keyboard.press("Home")
    assert pixel(page, 0.3, 0.1) == (0, 0, 255)
    for _ in range(80):
        page.keyboard.press("ArrowRight")
    assert float(part(page, "divider").input_value()) == 40
    assert pixel(page, 0.3, 0.1) == (255, 0, 0)
    part(page, "right").select_option("Sharp")
    assert pixel(page, 0.7, 0.1) == (0, 255, 0)


def test_no_version_is_named_of_which_nothing_is_seen(results, visit):
    page = visit(results)
    for key, seen in (("Home", [False, True]), ("ArrowRight", [True, True]), ("End", [True, False])):
        part(page, "divider").press(key)
        assert [part(page, f"{side}-tag").is_visible() for side in ("left", "right")] == seen


def test_the_kernel_under_the_pointer_is_the_fields_as_the_lights_path(results, visit):
    page = visit(results)
    drawn = {}
    for side, x in (("left", 0.1), ("right", 0.9)):
        point(page, x, 0.2)
        data = page.evaluate(READ_KERNEL)
        drawn[side] = np.array(data).reshape(9, 9, 4)[..., 0] / 255
    right, down = np.zeros((9, 9)), np.zeros((9, 9))
    right[4, 4:] = down[4:, 4] = 1
    np.testing.assert_allclose(drawn["left"], right, atol=0.02)
    np.testing.assert_allclose(drawn["right"], down, atol=0.02)
    point(page, 0.1, 0.2)
    assert part(page, "said").inner_text() == "Pixel 9, 12: light spread over 4.9 px, mostly along 0°"
    point(page, 0.9, 0.2)
    assert part(page, "said").inner_text().endswith("along 90°")
    assert "Blur kernel, 9 × 9 pixels" in part(page, "kernel").get_attribute("aria-label")


def test_the_arrow_keys_move_the_probe(results, visit):
    page = visit(results)
    for _ in range(40):  # by the keyboard alone
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.part") == "probe":
            break
    before = re.findall(r"\d+", part(page, "said").inner_text())[:2]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    after = re.findall(r"\d+", part(page, "said").inner_text())[:2]
    assert int(after[0]) == int(before[0]) + 2  # a 64th of the width, rounded
    assert int(after[1]) == int(before[1]) + 1
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(100):
        page.keyboard.press("ArrowRight")
    assert f"Pixel {WIDTH - 1}, " in part(page, "said").inner_text()


def test_the_motion_is_drawn_everywhere_on_demand(results, visit):
    page = visit(results)
    gray = pixel(page, 0.02, 0.02)
    part(page, "motion").check()
    assert part(page, "motion-layer").is_visible()
    assert pixel(page, 0.02, 0.02) != gray
    part(page, "motion").uncheck()
    assert pixel(page, 0.02, 0.02) == gray


def _uniform():
    """A stroke of nine pixels, everywhere the same."""
    field = _field()
    return field._replace(coefficients=torch.ones(1, 2, HEIGHT, WIDTH) / torch.tensor((1.0, 1e9)).view(1, 2, 1, 1))


def test_of_one_motion_that_is_said_and_each_kernel_is_drawn_whole(results, visit):
    add_picture(results / "page", "photo", "a.png", {"Blurry": _plain(0, 0, 0)}, {"Adaptive": _uniform()})
    page = visit(results)
    assert part(page, "whole").inner_text() == "One motion for the whole photo."
    part(page, "motion").check()
    assert "one motion for the whole photo" in part(page, "motion-layer").get_attribute("aria-label")
    columns, rows = 5, 3  # large, for they are all alike
    width, height = 1600, 1067
    alpha = page.evaluate(READ_ROWS, [int((row + 0.5) * height / rows) for row in range(rows)])
    drawn = 0.86 * width / columns  # smaller than four times the kernel's size
    for line in np.array(alpha):
        assert line[:: width // columns].max() == 0  # cells stay apart
        for column, lit in enumerate(np.split(line > 128, columns)):
            (there,), centre = np.nonzero(lit), 0.5 * width / columns
            assert there.min() == pytest.approx(centre - drawn / 9 / 2, abs=6), column  # from the middle of the kernel
            assert there.max() == pytest.approx(centre + drawn / 2, abs=6), column  # to its right side
    page = visit(results, HOSTILE)
    assert part(page, "whole").inner_text() == ""


def test_the_script_says_of_a_motion_what_the_figures_say(results, visit):
    from deblur_lightning.reports.figures.motion import motion_said

    page, generator = visit(results), np.random.default_rng(0)
    for _ in range(20):
        path = generator.random((9, 9)) ** generator.integers(1, 90)
        path /= path.sum()
        assert page.evaluate("(path) => Motion.told(path, 9)", path.ravel().tolist()) == motion_said(path)


def test_a_version_is_called_what_people_call_it(results, visit):
    page = visit(results)
    assert part(page, "left").locator("option").all_inner_texts() == ["Before", "Restored", "True picture"]
    assert part(page, "left-tag").inner_text() == "Before"
    assert part(page, "right-tag").inner_text() == "Restored"
    assert part(page, "left-picture").get_attribute("alt") == "a.png before restoration"
    assert part(page, "right-picture").get_attribute("alt") == "a.png restored by Adaptive"
    add_picture(results / "page", "photo", "a.png", {"Blurry": _plain(1.0, 0, 0), "Other": _plain(0, 0, 0)})
    page = visit(results)
    assert part(page, "right").locator("option").all_inner_texts()[1:3] == ["Restored by Adaptive", "Restored by Other"]


def test_of_several_models_the_one_best_for_the_picture_comes_first(results, visit):
    better, worse = _plain(0, 0.2, 0.8), _plain(0, 0, 0)
    for name, picture, psnr in (("Better", better, 24.0), ("Worse", worse, 21.0)):
        add_picture(results / "page", "photo", "a.png", {name: picture}, {name: _field()}, {name: {"psnr": psnr}})
    for name, psnr in (("Adaptive", 22.5), ("Worse", 23.0)):
        add_picture(results / "page", "still", "no field", {name: worse}, scores={name: {"psnr": psnr}})
    page = visit(results)
    assert [part(page, name).input_value() for name in ("right", "field")] == ["Better", "Better"]
    pictures = {"Blurry": worse, "Worse": better, "Better": worse, "No field": better}
    fields, psnrs = dict.fromkeys(("Worse", "Better"), _field()), {"Worse": 26.0, "Better": 21.0, "No field": 27.0}
    scores = {name: {"psnr": psnr} for name, psnr in psnrs.items()}
    add_picture(results / "page", "photo", "other.png", pictures, fields, scores)
    bound = {"true field, any": {"psnr": 40.0}}
    add_picture(
        results / "page", "photo", "other.png", {"true field, any": better}, {"true field, any": _field()}, bound,
        given=["true field, any"],
    )  # fmt: skip
    page = visit(results)
    page.locator("#gallery a", has_text="other.png").click()  # of each picture its own, not the one's before
    page.wait_for_function("shown.textContent === 'photo: other.png'")
    assert [part(page, name).input_value() for name in ("right", "field")] == ["No field", "Worse"]
    part(page, "right").select_option("Better")
    page.locator("#gallery a", has_text="a.png").click()
    page.wait_for_function("shown.textContent === 'photo: a.png'")
    assert part(page, "right").input_value() == "Better"  # what people chose stays
    add_picture(results / "page", "still", "no field", {"Blurry": worse}, scores={"Blurry": {"psnr": 10.0}})
    page = visit(results)
    page.locator("#order").select_option("most gain first")  # of the best model's, not of the first's
    assert page.locator("#gallery li").first.text_content().strip() == "still: no field"


def test_a_link_leads_to_the_picture_and_to_its_files(results, visit):
    page = visit(results, HOSTILE)
    link = part(page, "link").evaluate("(one) => one.href")
    for one in part(page, "files").locator("a").all():
        assert one.evaluate("(one) => fetch ? one.href : ''").startswith(results.as_uri())
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_function(OPENED)
    assert page.locator("#shown").inner_text() == f"photo: {HOSTILE}"


def test_a_picture_is_shown_pixel_for_pixel_and_moved(results, visit):
    tall = torch.zeros(3, 1500, 1000)
    tall[0, :, 500:] = tall[1, 750:] = 1
    add_picture(results / "page", "photo", "tall", {"Blurry": tall, "Other": tall})
    page = visit(results, "tall")
    box = part(page, "stage").bounding_box()
    assert pixel(page, 0.1, 0.1)[:2] == (0, 0)
    page.locator("#actual").click()
    shown = part(page, "left-picture").bounding_box()
    assert (shown["width"], shown["height"]) == (1000, 1500)
    assert shown["x"] + 500 == pytest.approx(box["x"] + box["width"] / 2, abs=1)  # its centre stays
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"] + 50, box["y"] + 0.2 * box["height"] - 30, steps=4)
    page.mouse.up()
    moved = part(page, "left-picture").bounding_box()
    assert (moved["x"] - shown["x"], moved["y"] - shown["y"]) == (50, -30)
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.locator("#full").click()
    page.wait_for_function("document.querySelector('.frame').clientWidth >= innerWidth")
    page.locator("#fit").click()
    shown, stage = part(page, "left-picture").bounding_box(), part(page, "stage").bounding_box()
    assert shown["height"] == pytest.approx(stage["height"], abs=1)  # whole, in the whole height
    assert shown["width"] == pytest.approx(shown["height"] * 2 / 3, abs=1)
    page.locator("#full").click()
    page.wait_for_function("document.querySelector('.frame').clientWidth < innerWidth")


def test_a_table_wider_than_the_screen_says_so_until_its_end(results, visit):
    append_result(Result("Mine", "sample", {"psnr": 11.25}), results / "results.jsonl")
    page = visit(results, viewport={"width": 400, "height": 800})
    table = page.locator(".table").first
    cue = table.locator(".cue")
    cue.wait_for(state="visible")
    assert "more" in table.get_attribute("class").split()
    table.locator(".scroll").evaluate("(one) => one.scrollTo(one.scrollWidth, 0)")
    page.wait_for_function("!document.querySelector('.table').classList.contains('more')")
    page.set_viewport_size({"width": 1280, "height": 800})
    cue.wait_for(state="hidden")


def test_on_a_phone_methods_names_break_between_words_and_long_words_leave_room(results, visit):
    for name in ("blind: field trusted everywhere", "best constant kernel, Richardson-Lucy", "x" * 60):
        append_result(Result(name, "sample", {"psnr": 11.25}), results / "results.jsonl")
    page = visit(results, viewport={"width": 400, "height": 800})
    lines = """(word) => {
        const cells = [...document.querySelectorAll("tbody th")];
        const text = cells.find((one) => one.textContent.includes(word)).firstChild;
        const range = document.createRange(), at = text.data.indexOf(word);
        range.setStart(text, at);
        range.setEnd(text, at + word.length);
        return new Set([...range.getClientRects()].map((one) => one.top)).size;
    }"""
    assert [page.evaluate(lines, word) for word in ("everywhere", "constant", "Richardson")] == [1, 1, 1]
    assert page.evaluate(lines, "x" * 60) > 1
    column = page.locator("tbody th", has_text="everywhere").bounding_box()
    assert column["width"] < 400 / 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only_and_takes_taps(results, visit, scheme):
    page = visit(
        results, viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True, color_scheme=scheme
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    box = part(page, "stage").bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + 0.2 * box["height"])
    assert part(page, "said").inner_text().endswith("along 90°")
    paper, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    lightness = [sum(map(int, re.findall(r"\d+", colour))) for colour in (paper, ink)]
    assert (lightness[0] > lightness[1]) == (scheme == "light")


def test_pictures_are_gone_through_found_and_ordered(results, visit):
    page = visit(results)
    page.locator("#next").click()
    page.wait_for_function("shown.textContent === 'still: no field'")
    page.locator("#find").fill("STILL")
    assert page.locator("#gallery a:visible").count() == 1
    page.locator("#gallery a").click()
    page.wait_for_function("shown.textContent === 'still: no field'")
    assert not part(page, "panel").is_visible()  # nothing to probe
    page.locator("#find").fill("")
    page.locator("#order").select_option("most gain first")
    assert page.locator("#gallery li").last.text_content().strip() == "still: no field"


def test_a_hostile_name_is_shown_as_it_is(results, visit):
    page = visit(results, HOSTILE)
    assert page.locator("#shown").inner_text() == f"photo: {HOSTILE}"
    assert page.locator("img[src=x]").count() == 0


def test_a_missing_field_is_said_and_the_pictures_stay(results, visit):
    for path in results.glob("page/photo-a*/field-*.js"):
        path.unlink()
    page = visit(results, complain=False)
    assert "is missing" in part(page, "failure").inner_text()
    assert pixel(page, 0.3, 0.1) == (255, 0, 0)


def test_a_thousand_pictures_load_few_files(results, visit):
    source = next(results.glob("page/photo-a*"))
    record = json.loads((source / "picture.json").read_text())
    for number in range(1111):
        copy = results / "page" / f"go-{number}"
        copy.mkdir()
        (copy / "picture.json").write_text(json.dumps({**record, "slug": copy.name, "name": f"many {number:04}"}))
        (copy / "thumbnail.webp").write_bytes((source / "thumbnail.webp").read_bytes())
    page = visit(results)
    assert page.locator("#gallery li").count() == 24
    assert len(page.asked) < 250  # those near the screen
    page.locator("#more").click()
    assert page.locator("#gallery li").count() == 1114
    page.locator("#find").fill("many 1110")
    assert page.locator("#gallery li").count() == 1
    assert len(page.asked) < 400
