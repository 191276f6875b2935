"""Records that are checked as they are made: settings and cards.

By msgspec, which loads in a tenth of the time and the memory of what did it before (decision
0017). A constructor checks and converts as reading does: "640" becomes 640, a list a tuple.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Literal, Self, TypeVar, dataclass_transform, get_args, get_type_hints

import msgspec
from msgspec import Meta as Meta
from msgspec import ValidationError as ValidationError

_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Checking(msgspec.StructMeta):
    """Makes classes whose constructor takes names alone and checks what it is given."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> _Checking:
        options = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True, **options}
        return super().__new__(mcs, name, bases, namespace, **options)

    def __call__(cls: type[_T], **values: Any) -> _T:
        return convert(values, cls)


class Record(msgspec.Struct, metaclass=_Checking):
    """Frozen, with no field but its own; its methods are called what pydantic calls them.

    Making one raises ValidationError, a ValueError that `complaint` takes apart.
    """

    @classmethod
    def model_validate(cls, values: object) -> Self:
        """The record of a mapping. Raises ValidationError."""
        return convert(values, cls)

    @classmethod
    def model_validate_json(cls, text: str) -> Self:
        """The record of JSON text. Raises ValidationError."""
        try:
            return convert(json.loads(text), cls)
        except (ValueError, RecursionError) as error:
            if isinstance(error, ValidationError):
                raise
            # ValueError: a JSONDecodeError, or a number of thousands of digits.
            raise ValidationError(f"no JSON ({error})") from error

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values in these fields, which are not checked."""
        return msgspec.structs.replace(self, **update)

    def model_dump(
        self, *, mode: Literal["python", "json"] = "python", exclude: Collection[str] = ()
    ) -> dict[str, Any]:
        """As JSON has it, in either mode: dictionaries, lists, texts and numbers."""
        values: dict[str, Any] = msgspec.to_builtins(self, enc_hook=str)
        return {name: value for name, value in values.items() if name not in exclude}

    def model_dump_json(self, *, indent: int | None = None) -> str:
        return json.dumps(self.model_dump(), indent=indent, ensure_ascii=False)


def convert(values: object, kind: type[_T]) -> _T:
    """`values` as a record, or a dataclass. Raises ValidationError."""
    return msgspec.convert(values, kind, strict=False, dec_hook=_from_text)


def complaint(error: ValidationError) -> tuple[tuple[str, ...], str]:
    """Where the first mistake is, field by field, and what is wrong there."""
    message, _, path = str(error).rpartition(" - at `")
    if not message:
        message, path = path, ""
    message = message.replace("`", "")
    where = path.rstrip("`").removeprefix("$").lstrip(".").replace("[", ".").replace("]", "")
    return tuple(where.split(".")) if where else (), message[:1].lower() + message[1:]


def choices(kind: type, field: str) -> tuple[object, ...]:
    """The values that a field of `kind` may have by name: a Literal's; () where it has none."""
    return tuple(_literals(get_type_hints(kind)[field]))


def _literals(hint: Any) -> list[object]:
    arguments = get_args(hint)
    if getattr(hint, "__origin__", None) is Literal:
        return list(arguments)
    return [value for argument in arguments for value in _literals(argument)]


def _from_text(kind: type, value: object) -> object:
    """A value of a kind that is made of a text."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return kind(value)
