"""Work that tells of no steps ends all the same."""

import io
import threading
import time

import pytest
import torch
from PIL import Image

from deblur_lightning.commands.demo.desk import PhotoDesk
from deblur_lightning.commands.demo.interruption import interruptible
from deblur_lightning.commands.demo.jobs import Cancelled, Job


class Endless:
    """A model that works on and on, and tells of no step."""

    sees_motion = estimates_whole = False

    def __init__(self):
        self.entered = threading.Event()

    def __call__(self, blurry, progress, with_field):
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            blurry = blurry.square().sqrt()
            self.entered.set()
        raise AssertionError("nobody ended it")


@pytest.fixture
def png():
    file = io.BytesIO()
    Image.new("RGB", (80, 70)).save(file, "PNG")
    return file.getvalue()


def test_a_photo_in_work_is_cancelled_though_no_step_is_told(tmp_path, png):
    model, job, ended = Endless(), Job("a.png"), []

    def work():
        with pytest.raises(Cancelled, match=r"a\.png was cancelled"):
            PhotoDesk({"endless": model}, tmp_path).show("a.png", png, "endless", job)
        ended.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    assert model.entered.wait(30)
    asked = time.monotonic()
    job.cancel()
    thread.join(30)
    assert ended[0] - asked < 2


def with_and_without_gradients():
    with torch.enable_grad():
        torch.ones(2).add(1)
    with torch.no_grad():
        torch.ones(2).add(1)
    torch.ones(2).add(1).add(1)


@pytest.mark.parametrize("last", range(8))
def test_gradients_are_as_before_wherever_work_ends(last):
    calls = iter(range(1000))

    def check():
        if next(calls) >= last:
            raise Cancelled

    with pytest.raises(Cancelled), interruptible(check):
        with_and_without_gradients()
    assert torch.is_grad_enabled()


def test_answers_are_the_same_and_what_comes_after_is_not_asked():
    asked = []
    picture = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    with interruptible(lambda: asked.append(1)):
        inside = torch.nn.functional.avg_pool2d(picture, 3)
    before = len(asked)
    assert torch.equal(inside, torch.nn.functional.avg_pool2d(picture, 3))
    assert len(asked) == before > 0
