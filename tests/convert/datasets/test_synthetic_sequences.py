"""Courses made of stills: the same for the same seed, on RAVDESS's labels, as the device cuts."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.datasets import fer2013
from convert.datasets.face_set import FaceSet
from convert.datasets.ravdess import LABELS
from convert.datasets.synthetic_sequences import Motion, Stills, drawn_set, targets
from edge.errors import DataError
from edge.models.labels import SHARED, UNSEEN, of_clips, shared
from edge.vision.sequence_settings import SequenceSettings

SEQUENCE = SequenceSettings(frames=5, step_s=0.3)
UNMOVED = Motion(
    flip=False,
    rotation_deg=0,
    scale=0,
    shift=0,
    jitter=0,
    light=0,
    jaw_share=0,
    still_share=1,
    rise_share=0,
    noise_share=0,
)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    path = tiny_network.write_faces(tmp_path_factory.mktemp("data") / "faces.npz")
    return fer2013.load(path).part("Training")


def test_the_same_seed_draws_the_same_courses(faces: FaceSet) -> None:
    stills = Stills(faces, SEQUENCE, Motion())
    one, other = drawn_set(stills, 20, 3), drawn_set(stills, 20, 3)
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert (drawn_set(stills, 20, 4).images != one.images).any()


def test_every_label_but_the_unseen_one_is_drawn(faces: FaceSet) -> None:
    found = drawn_set(Stills(faces, SEQUENCE, UNMOVED), 200, 1)
    assert found.images.shape == (200, 5, 48, 48)
    assert found.images.dtype == np.uint8
    assert {LABELS[i] for i in found.labels} == set(LABELS) - set(UNSEEN)


def test_an_unmoved_still_stays_as_it_is(faces: FaceSet) -> None:
    stills = Stills(faces, SEQUENCE, UNMOVED)
    apexes = np.arange(8)
    sequences, others = stills.sequences(apexes, np.random.default_rng(1))
    np.testing.assert_array_equal(others, apexes)
    for still, sequence in zip(faces.images[:8], sequences, strict=True):
        np.testing.assert_array_equal(sequence, np.broadcast_to(still, sequence.shape))


def test_a_rise_shows_its_apex_most_of_the_time(faces: FaceSet) -> None:
    rising = Motion(**{**_as_dict(UNMOVED), "still_share": 0, "rise_share": 1})
    stills = Stills(faces, SEQUENCE, rising)
    happy = np.flatnonzero(stills.labels == LABELS.index("happy"))[:10]
    sequences, _ = stills.sequences(happy, np.random.default_rng(2))
    away = np.abs(sequences.astype(int) - faces.images[happy][:, None]).mean((2, 3))
    assert (np.minimum(away[:, 0], away[:, -1]) < 1).all(), "one end is the apex"
    assert (away[:, 2] < away.max(1) + 1e-9).all()
    assert away.max() > 10, "the other end is another face"


def test_between_two_stills_both_are_of_the_label(faces: FaceSet) -> None:
    between = Motion(**{**_as_dict(UNMOVED), "still_share": 0})
    stills = Stills(faces, SEQUENCE, between)
    apexes = stills.drawn(40, np.random.default_rng(3))
    _, others = stills.sequences(apexes, np.random.default_rng(4))
    np.testing.assert_array_equal(stills.labels[others], stills.labels[apexes])
    assert (others != apexes).any()


def test_courses_are_prepared_as_the_device_does(faces: FaceSet) -> None:
    from edge.vision.preprocess import Preprocessor

    prepared = SequenceSettings(frames=5, step_s=0.3, equalise=True, smooth=True)
    raw, _ = Stills(faces, SEQUENCE, Motion()).sequences(np.arange(3), np.random.default_rng(5))
    done, _ = Stills(faces, prepared, Motion()).sequences(np.arange(3), np.random.default_rng(5))
    device = Preprocessor(prepared)
    for one, other in zip(raw.reshape(-1, 48, 48), done.reshape(-1, 48, 48), strict=True):
        np.testing.assert_array_equal(device.normalise(one.copy()), other)


def test_noise_can_be_of_one_level(faces: FaceSet) -> None:
    stills = Stills(faces, SEQUENCE, UNMOVED)
    clean, noisy = drawn_set(stills, 30, 1), drawn_set(stills, 30, 1, noise=0.05)
    # Away from the ends of the scale, where it is cut off.
    inside = (clean.images > 60) & (clean.images < 200)
    spread = (noisy.images.astype(float) - clean.images)[inside].std() / 255
    assert spread == pytest.approx(0.05, rel=0.05)


def test_targets_leave_the_unseen_label_out(faces: FaceSet) -> None:
    found = targets(faces, 0.5, align=True)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-6)
    for name in UNSEEN:
        assert not found[:, LABELS.index(name)].any()


def test_stills_without_a_neutral_one_are_an_error(faces: FaceSet) -> None:
    others = faces.take(faces.labels != faces.label_names.index("neutral"))
    with pytest.raises(DataError, match="neutral"):
        Stills(others, SEQUENCE, Motion())


def test_labels_go_there_and_back() -> None:
    assert [shared(of_clips(name)) for name in SHARED] == list(SHARED)
    assert {of_clips(name) for name in SHARED} == set(LABELS) - set(UNSEEN)
    with pytest.raises(KeyError):
        of_clips("calm")


@settings(max_examples=25, deadline=None)
@given(
    st.builds(
        Motion,
        rotation_deg=st.floats(0, 90),
        scale=st.floats(0, 0.5),
        shift=st.floats(0, 0.5),
        drift=st.floats(0, 2),
        jitter=st.floats(0, 0.2),
        light=st.floats(0, 1),
        jaw=st.floats(0, 1),
        still_share=st.floats(0, 0.5),
        rise_share=st.floats(0, 0.5),
        noise_max=st.floats(0, 1),
    ),
    st.integers(0, 2**31),
)
def test_any_motion_gives_whole_courses(faces: FaceSet, motion: Motion, seed: int) -> None:
    found = drawn_set(Stills(faces, SEQUENCE, motion), 3, seed)
    assert found.images.shape == (3, 5, 48, 48)


def _as_dict(motion: Motion) -> dict[str, object]:
    return {name: getattr(motion, name) for name in motion.__slots__}
