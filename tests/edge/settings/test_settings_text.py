"""Settings as text: the line of a mistake, the environment, the file to start from."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.settings.loading import from_environment, line_of, load, override, variable
from edge.settings.sections import Settings
from edge.settings.toml import as_toml

SECTIONS = tuple(Settings.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("\n[camera]\nfps = 30\nwidth = -1\n", "edge.toml line 4: camera.width is -1"),
        ("[camera]\n\nwidht = 640\n", "edge.toml line 3: camera.widht: there is no such"),
        ("[camera]\nwidht = 640\n", "choose one of source, width, height"),
        ("[model]\nengine = 'onnx'\n", "'auto', 'litert' or 'tflite-runtime'"),
        (
            "[mode]\n",
            "edge.toml line 1: mode: there is no such setting: choose one of camera",
        ),
        ("[status]\nenabled = true\nhost = '0.0.0.0'\n", "line 1: a status page on 0.0.0.0"),
        ("[mqtt]\ntopic = 'a/#'\n", "line 2: mqtt.topic"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(
    tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path, {})
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_secret_is_in_no_message_and_in_no_repr(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    for text in ('[status]\ntoken = "hunter2"\n', "[mqtt]\npassword = 271828\n"):
        path.write_text(text)
        with pytest.raises(UsageError) as caught:
            load(path, {})
        assert "hunter2" not in str(caught.value)
        assert "271828" not in str(caught.value)
    settings = load(None, {"EDGE_MQTT_PASSWORD": "hunter2"})
    assert settings.mqtt.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)
    again = override(settings, {"camera.width": 640}, "test")
    assert again.mqtt.password.get_secret_value() == "hunter2"


def test_the_environment_goes_on_top_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text("[camera]\nwidth = 640\nheight = 480\n")
    environ = {
        "EDGE_CAMERA_WIDTH": "1280",
        "EDGE_CAMERA_OPEN_TIMEOUT_S": "3.5",
        "EDGE_DETECTION_TRACKED": "false",
        "EDGE_DETECTION_MOTION_GATE": "off",
        "EDGE_MQTT_TLS": "Yes",
        "EDGE_MQTT_TOPIC": "on",
        "EDGE_STATUS_NAMES": '["kiosk.local"]',
        "EDGE_DEBUG": "1",
        "EDGE_DATA": "/somewhere",
        "EDGE_RUNNER_HOME": "not ours",
    }
    settings = load(path, environ)
    assert (settings.camera.width, settings.camera.height) == (1280, 480)
    assert settings.camera.open_timeout_s == 3.5
    assert settings.detection.tracked is False
    assert settings.detection.motion_gate is False
    assert (settings.mqtt.tls, settings.mqtt.topic) == (True, "on")
    assert settings.status.names == ("kiosk.local",)


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    with pytest.raises(UsageError, match=r"EDGE_CAMERA_WIDTH: camera.width is 'wide'"):
        load(None, {"EDGE_CAMERA_WIDTH": "wide"})
    with pytest.raises(UsageError, match=r"EDGE_CAMERA_WIDHT: camera.widht"):
        load(None, {"EDGE_CAMERA_WIDHT": "640"})


@given(st.sampled_from(SECTIONS), st.text(), st.text())
def test_whatever_the_environment_holds_loads_or_is_one_sentence(
    section: str, key: str, value: str
) -> None:
    with suppress(UsageError):
        assert load(None, {variable(section, key): value}) is not None


@given(st.text(alphabet="[]=\"'\n camerawidth.#"))
def test_the_line_of_a_setting_is_looked_for_in_any_text(text: str) -> None:
    line = line_of(text, "camera", "width")
    assert line is None or "width" in text.splitlines()[line - 1]


def test_a_setting_within_a_string_is_none() -> None:
    text = '[mqtt]\ntopic = """\n[camera]\nwidth = 3\n"""\n[camera]\nwidth = 5\n'
    assert line_of(text, "camera", "width") == 7


def test_the_file_to_start_from_holds_every_setting_with_its_default(tmp_path: Path) -> None:
    text = as_toml(Settings())
    path = tmp_path / "edge.toml"
    path.write_text(text)
    assert load(path, {}) == Settings()
    names = {
        *SECTIONS,
        *(k for s in SECTIONS for k in type(getattr(Settings(), s)).__struct_fields__),
    }
    uncommented = "\n".join(
        line[2:] if line.startswith("# ") and line[2:].split(" = ")[0] in names else line
        for line in text.splitlines()
    )
    raw = tomllib.loads(uncommented)
    for section in SECTIONS:
        assert set(raw[section]) == set(type(getattr(Settings(), section)).__struct_fields__)
    path.write_text(uncommented)
    assert load(path, {}) == Settings()
    assert "A camera gives the nearest" in text or "a camera gives the nearest" in text


def test_what_was_changed_stands_uncommented() -> None:
    text = as_toml(override(Settings(), {"camera.source": "2", "status.names": ["a"]}, "test"))
    assert '\nsource = "2"\n' in text
    assert '\nnames = ["a"]\n' in text


def test_names_of_the_environment_lead_back_to_the_setting() -> None:
    for section in SECTIONS:
        for key in type(getattr(Settings(), section)).__struct_fields__:
            found = from_environment({variable(section, key): "1"}, SECTIONS)
            assert found == {section: {key: "1"}}
