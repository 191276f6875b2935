from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MissingDataError, UsageError
from edge.settings.loading import load, override
from edge.settings.sections import Settings

_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
)


def test_defaults_are_valid_and_frozen() -> None:
    settings = Settings()
    with pytest.raises(AttributeError, match="immutable"):
        settings.camera.width = 3  # type: ignore[misc]  # frozen is what is tested


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text('[camera]\nsource = "2"\n[smoothing]\nfloor = 0.5\n')
    settings = load(path)
    assert str(settings.camera.source) == "2"
    assert settings.smoothing.floor == 0.5
    assert settings.camera.width == Settings().camera.width


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[camera]\nwidth = -1\n", "camera.width is -1"),
        ("[camera]\nwidht = 640\n", "camera.widht"),
        ("[model]\nengine = 'onnx'\n", "model.engine is 'onnx'"),
        ("[camera\n", "as TOML"),
        ("camera = 3\n", "camera: expected object"),
    ],
)
def test_a_wrong_file_is_one_sentence_that_names_the_setting(
    tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"nothing\.toml"):
        load(tmp_path / "nothing.toml")


def test_overrides_go_on_top_and_are_checked() -> None:
    settings = override(Settings(), {"model.threads": 2, "log.path": "none"}, "command line")
    assert (settings.model.threads, settings.log.path) == (2, "none")
    with pytest.raises(UsageError, match=r"command line: model\.threads is 0"):
        override(Settings(), {"model.threads": 0}, "command line")


_KEYS = [f"{name}.{key}" for name, part in Settings().model_dump().items() for key in part]


@given(key=st.sampled_from(_KEYS), value=_values)
def test_any_value_is_taken_or_refused_by_name(key: str, value: object) -> None:
    refusal = key
    try:
        override(Settings(), {key: value}, "test")
    except UsageError as error:
        refusal = str(error)
    assert key in refusal
