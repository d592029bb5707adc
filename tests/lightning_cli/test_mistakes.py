import sys
from pathlib import Path

import pytest

from deblur_lightning.lightning_cli.main import main
from deblur_lightning.lightning_cli.mistakes import brief

UNION = """\
Parser key "{part}":
  Does not validate against any of the Union subtypes
  Subtypes: [<class 'pytorch_lightning.core.module.LightningModule'>, <class 'NoneType'>]
  Errors:
    - {inner}
    - Expected a <class 'NoneType'>
  Given value type: <class 'dict'>
  Given value: {{'class_path': 'AdaptiveBasisModule', 'init_args': {{'optimzier': 1}}}}"""
MODULE = "Problem with given class_path 'deblur_lightning.modules.AdaptiveBasisModule':\n        "


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        (
            MODULE + "Option 'optimzier' is not accepted",
            "model: AdaptiveBasisModule: Option 'optimzier' is not accepted. Did you mean optimizer?",
        ),
        (
            MODULE + "Option 'xyz' is not accepted",
            "model: AdaptiveBasisModule: Option 'xyz' is not accepted. "
            "See `lightning fit --model.help AdaptiveBasisModule`.",
        ),
        (
            MODULE + "Parser key \"width\":\n          Expected a <class 'int'>. Got value: abc",
            "model: AdaptiveBasisModule: width is 'abc', but an integer is needed.",
        ),
        (
            "Expected a dot import path string: AdaptiveBasisModle",
            "model is AdaptiveBasisModle, but no class has that name. Did you mean AdaptiveBasisModule?",
        ),
        (
            "Expected a path but mine.Net either not accessible or invalid\n"
            "    - Problem with given class_path 'mine.Net':\n        module 'mine' has no attribute 'Net'",
            "model: Net: module 'mine' has no attribute 'Net'.",
        ),
        (
            "Parser key \"lr\":\n  Subtypes: [<class 'float'>, <class 'torch.Tensor'>]\n"
            "  - Expected a <class 'float'>\n  - Expected a dot import path string: 2e-3,",
            "model.lr is 2e-3,, but it is a number. Pass one, such as 0.001.",
        ),
        ("width is 5, but channels come in groups of 8. Pass 8.",
         "model: width is 5, but channels come in groups of 8. Pass 8."),
    ],
)  # fmt: skip
def test_what_jsonargparse_quotes_around_a_mistake_is_left_out(inner, said):
    assert brief(UNION.format(part="model", inner=inner)) == said


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("trainer.max_epochs", "two", "trainer.max_epochs is 'two', but an integer is needed."),
        (
            "trainer.limit_val_batches",
            "all",
            "trainer.limit_val_batches is 'all', but an integer or a number is needed.",
        ),
        ("trainer.detect_anomaly", "maybe", "trainer.detect_anomaly is 'maybe', but true or false is needed."),
        (
            "data.init_args.batch_size",
            "1.5",
            "data: SyntheticBlurDataModule: batch_size is '1.5', but an integer is needed.",
        ),
        (
            "model.init_args.losses.l1_from_epoch",
            "[x]",
            "model: AdaptiveBasisModule: losses: FieldLosses: l1_from_epoch is '['x']', but an integer is needed.",
        ),
        (
            "model.init_args.scheduler_interval",
            "day",
            "model: AdaptiveBasisModule: scheduler_interval is 'day', but epoch or step is needed.",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_quoted_with_what_is_needed(option, value, said, monkeypatch, capsys):
    sample = Path(__file__).parents[2] / "experiments" / "sample" / "adaptive_basis.yaml"
    monkeypatch.setattr(sys, "argv", ["lightning", "fit", "--config", str(sample), f"--{option}={value}"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert (stop.value.code, capsys.readouterr().err) == (2, f"lightning: {said}\n")


NESTED = """\
Parser key "model":
  Errors:
    - Problem with given class_path 'deblur_lightning.modules.AdaptiveBasisModule':
        Parser key "deblurrer":
          Errors:
            - Problem with given class_path 'deblur_lightning.deblurring.MotionDeblurrer':
                Parser key "network":
                  Errors:
                    - Problem with given class_path 'deblur_lightning.networks.CompactBasisNetwork':
                        Option '{0}' is not accepted
                    - Expected a <class 'NoneType'>"""


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [("widht", "Did you mean width?"), ("xyz", "It takes num_basis, kernel_size, width, deepest, fold.")],
)
def test_an_option_of_a_nested_class_is_compared_with_what_that_class_takes(wrong, remedy):
    assert brief(NESTED.format(wrong)) == (
        f"model: AdaptiveBasisModule: deblurrer: MotionDeblurrer: network: CompactBasisNetwork: "
        f"Option '{wrong}' is not accepted. {remedy}"
    )


def test_an_unknown_option_of_the_command_is_compared_with_those_it_takes():
    unknown = "Subcommand 'fit' does not accept option 'trainer.max_epoch'"
    assert brief(unknown, ["trainer.max_epochs", "ckpt_path"]) == f"{unknown}. Did you mean trainer.max_epochs?"
    assert brief("unrecognized arguments: --confg a.yaml", ["config", "--config"]).endswith("Did you mean --config?")


@pytest.mark.parametrize("wrong", ["optimizer.lr", "optimizer", "lr_scheduler.gamma", "lr"])
def test_an_optimizer_named_as_in_other_projects_is_shown_where_it_belongs(wrong):
    said = brief(f"unrecognized arguments: --{wrong} 0.1", ["--trainer.logger", "--trainer.max_epochs"])
    assert "Did you mean" not in said
    assert "--model.init_args.optimizer.init_args.lr" in said


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("max_epochs", "trainer.max_epochs"), ("trainer.epochs_max", None), ("trainer.acelerator", "trainer.accelerator")],
)
def test_an_option_is_suggested_by_its_last_word_and_nothing_far_from_it(wrong, meant):
    said = brief(f"Option '{wrong}' is not accepted", ["trainer.max_epochs", "trainer.accelerator", "config"])
    assert ("Did you mean" in said) == bool(meant)
    assert (meant or "See `lightning fit --help`") in said


def test_a_class_that_help_is_asked_about_is_named_though_no_key_is():
    said = brief("Expected a dot import path string: SeingModule")
    assert said == "the class to help with is SeingModule, but no class has that name. Did you mean SeeingModule?"


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (
            ["KeepLast", "--trainer.callbacks.minutes=-1"],
            "minutes is -1.0, but time goes forward. Pass 0 or more.",
        ),
        (
            ["KeepLast", "--trainer.callbacks.minuts=1"],
            "trainer.callbacks: KeepLast: Option 'minuts' is not accepted. Did you mean minutes?",
        ),
        (["torch.nn.Linear"], "trainer.callbacks: Import path does not correspond to a subclass of Callback."),
    ],
)
def test_what_is_wrong_with_an_added_callback_is_said_once_and_not_what_else_was_tried(
    added, said, monkeypatch, capsys, tmp_path
):
    monkeypatch.chdir(tmp_path)
    sample = Path(__file__).parents[2] / "experiments" / "sample" / "adaptive_basis.yaml"
    monkeypatch.setattr(
        sys, "argv", ["lightning", "fit", "--config", str(sample), f"--trainer.callbacks+={added[0]}", *added[1:]]
    )
    with pytest.raises(SystemExit) as stop:
        main()
    told = capsys.readouterr().err if stop.value.code == 2 else f"{stop.value.code}\n"
    assert told == f"lightning: {said}\n"
