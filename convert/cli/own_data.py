"""A person's own pictures and sounds, as the commands read them; `edge-convert verify` of these."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from convert.cli.console import print_figures, progress_bar
from edge.errors import MissingDataError, UsageError

if TYPE_CHECKING:
    from convert.datasets.examples import Example
    from convert.datasets.own import OwnPictures
    from edge.audio.feature_settings import FeatureSettings
    from edge.models import Model

_MAX_FEATURES = 4096


def verify_own(
    model: Path,
    data: Path,
    faces: str,
    merge: list[str] | None,
    robustness: bool,
    as_json: bool,
) -> int:
    """`edge-convert verify` of a network on pictures or sounds of one's own: its test part, or all.

    robustness: whether to judge it in every condition of a card too
    """
    from convert.evaluation import passport
    from convert.evaluation.own_network import judge
    from edge.models.own import open_model

    network = open_model(str(model))
    if robustness and network.card.modality == "speech":
        raise UsageError("--passport changes pictures: leave it out for a network for voices")
    pictures = _own_test(network, data, faces, merge)
    verdict = judge(network, pictures)
    figures, lines = verdict.as_dict(), list(verdict.lines())
    if robustness:
        with progress_bar("changing pictures") as progress:
            # As `judge` has it: the network's own answers, without a calibration.
            plain = network.uncalibrated()
            found = list(passport.conditions(plain, pictures.images, pictures.labels, progress))
        figures["robustness"] = passport.as_dicts(found, pictures.label_names)
        lines += ["", *passport.table(found, pictures.label_names)]
    print_figures(figures, lines, as_json)
    for sentence in verdict.broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    return 1 if verdict.broken else 0


def _own_test(network: Model, data: Path, faces: str, merge: list[str] | None) -> OwnPictures:
    """What `network` is judged on. Raises UsageError for one that takes neither."""
    from convert.datasets.own import load_pictures
    from convert.datasets.own_sounds import load_sounds
    from edge.settings.sections import PreprocessSettings

    card, voice = network.card, network.card.modality == "speech"
    if not (voice or isinstance(card.preprocessing, PreprocessSettings)):
        raise UsageError(f"{network.path} takes neither faces nor voices: it cannot be judged")
    examples = examples_of(data, merge, "voice" if voice else "face")
    examples = [one for one in examples if one.part == "test"] or examples
    with progress_bar(f"reading {'voice' if voice else 'face'}s") as progress:
        if voice:
            return load_sounds(examples, card.labels, card.features, progress)
        assert isinstance(card.preprocessing, PreprocessSettings)
        shape = card.picture_format
        pictures = load_pictures(examples, card.labels, card.preprocessing, shape, faces, progress)
    if pictures.in_gray and card.colour != "gray":
        print(
            f"not sure: all pictures are gray and it takes {card.colour}, as a camera gives"
            " them: its figures on gray ones are another network's",
            file=sys.stderr,
        )
    return pictures


def examples_of(data: Path | None, merge: list[str] | None, kind: str = "face") -> list[Example]:
    """kind: face or voice, by which a folder's files are taken."""
    from convert.datasets.class_folders import SUFFIXES
    from convert.datasets.examples import SOUNDS, read_examples

    suffixes = SOUNDS if kind == "voice" else SUFFIXES
    return read_examples(data, merged_labels(merge), suffixes) if data is not None else []


def features_of(path: Path) -> FeatureSettings:
    """What the TOML says of a network's features. Raises MissingDataError, UsageError."""
    from edge.audio.feature_settings import FeatureSettings
    from edge.system.record import ValidationError, complaint
    from edge.system.small_file import parse_toml, read_small

    try:
        return FeatureSettings.model_validate(parse_toml(read_small(path, _MAX_FEATURES)))
    except FileNotFoundError as error:
        raise MissingDataError(f"there is no {path}: give the TOML of the features") from error
    except ValidationError as error:
        where, message = complaint(error)
        raise UsageError(f"{path}: {'.'.join(where) or 'it'}: {message}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as TOML: {error}") from error


def merged_labels(merge: list[str] | None) -> dict[str, str]:
    """The data's label → its new name. Raises UsageError for what is no NEW=A,B."""
    renamed: dict[str, str] = {}
    for text in merge or ():
        new, joined, old = text.partition("=")
        if not (new and joined and old):
            raise UsageError(f"{text!r} merges nothing: give --merge NEW=A,B")
        renamed.update(dict.fromkeys((name.strip() for name in old.split(",")), new.strip()))
    return renamed
