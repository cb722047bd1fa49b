"""Reads a shape with all that it extends into one checked document.

Called by `shapes.model`. Knows which keys there are (shape_keys.toml), never what they do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from oneroster_harness.problems import UsageProblem, nearest

DEFAULT = "small-district"
Document = dict[str, Any]
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, slots=True)
class Key:
    """One key that a shape may have; path: its parts, a star for a name of the reader's choice."""

    path: tuple[str, ...]
    kind: str
    says: str
    least: int = 0
    most: int = 0
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        match self.kind:
            case "integer":
                return f"a whole number of {self.least:,} to {self.most:,}"
            case "flag":
                return "true or false"
            case "word":
                return f"one of {', '.join(self.words)}"
            case "day":
                return 'a day as "MM-DD"'
            case "texts":
                return "a list of texts"
            case _:
                return "a text"

    def admits(self, value: Any) -> bool:
        """Whether a value is of this kind."""
        match self.kind:
            case "integer":
                return type(value) is int and self.least <= value <= self.most
            case "flag":
                return isinstance(value, bool)
            case "word":
                return value in self.words
            case "day":
                return isinstance(value, str) and _DAY.fullmatch(value) is not None
            case "texts":
                return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
            case _:
                return isinstance(value, str) and bool(value)


@cache
def keys() -> tuple[Key, ...]:
    """All keys in the order of the table."""
    table = tomllib.loads(files("data_gen").joinpath("shape_keys.toml").read_text("utf-8"))["keys"]
    return tuple(
        Key(tuple(path.split(".")), told["kind"], told["says"], told.get("least", 0), told.get("most", 0), tuple(told.get("words", ())))
        for path, told in table.items()
    )


def preset_names() -> tuple[str, ...]:
    """Names of the shapes that come with the package."""
    found = files(__package__).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in found if entry.name.endswith(".toml")))


def read(name: str, beside: Path | None = None) -> Document:
    """The document of a preset or of a file (a name that ends in .toml), laid over what it extends.

    beside: folder of the file that names it. Raises UsageProblem for an unknown name, an unreadable file, an unknown
    key and a value of another kind.
    """
    return _read(name, beside, ())


def _read(name: str, beside: Path | None, seen: tuple[str, ...]) -> Document:
    if name in seen:
        raise UsageProblem(
            f"the shape {name!r} extends itself", "a chain of shapes that ends", " extends ".join([*seen, name]), "name another shape in `extends`"
        )
    if name.endswith(".toml"):
        path = (beside or Path()) / name
        text, where, folder = _text_of(path), str(path), path.parent
    elif name in preset_names():
        text, where, folder = files(__package__).joinpath(f"{name}.toml").read_text("utf-8"), f"the preset {name}", None
    else:
        raise UsageProblem(
            f"unknown shape {name!r}; {nearest(name, preset_names())}", "a preset's name, or a file that ends in .toml",
            f"extended by {seen[-1]}" if seen else "--shape", "oneroster generate --list-shapes tells the presets",
        )  # fmt: skip
    try:
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageProblem(f"the shape is no TOML: {error}", "a TOML file", where, "mend the line") from error
    check(own, where)
    own = _with_sources(own, f"given by {where}")
    below = own.get("extends", "" if name == DEFAULT else DEFAULT)
    return laid_over(_read(below, folder, (*seen, name)), own) if below else own


def own_document(name: str) -> Document:
    """What a preset says itself, without what it extends."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def _with_sources(own: Document, unsaid: str) -> Document:
    """A document in which every value has a source of its own, so that no value takes over the source of one below it."""
    bare = [path for path, _ in leaves(own) if path[0] not in ("sources", "extends") and not source_of(own, path)[0]]
    told = {".".join(path): {"basis": "assumed", "source": unsaid} for path in bare}
    return {**own, "sources": {**told, **own.get("sources", {})}}


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageProblem(f"the shape cannot be read: {reason}", "a TOML file", str(path), "name another file or a preset") from error


def laid_over(below: Document, above: Mapping[str, Any]) -> Document:
    """Two documents as one: tables are joined, any other value of the upper one holds."""
    found = dict(below)
    for name, value in above.items():
        old = found.get(name)
        found[name] = laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def check(document: Mapping[str, Any], where: str) -> None:
    """Raise UsageProblem for the first key that there is not, or whose value is of another kind."""
    _check(document, (), where)


def _check(table: Mapping[str, Any], at: tuple[str, ...], where: str) -> None:
    below = [key for key in keys() if len(key.path) > len(at) and _fits(key.path, at)]
    choices = {key.path[len(at)] for key in below}
    for name, value in table.items():
        path = (*at, name)
        shown = ".".join(path)
        fitting = [key for key in below if key.path[len(at)] in ("*", name)]
        if not fitting:
            raise UsageProblem(
                f"unknown key `{shown}`; {nearest(name, choices)}", "a key that shapes have", where, "docs/shapes.md tells all keys"
            )
        leaf = next((key for key in fitting if len(key.path) == len(path)), None)
        if leaf is None and isinstance(value, Mapping):
            _check(value, path, where)
        elif leaf is None:
            raise UsageProblem(f"`{shown}` is no table", f"a table with {_names(fitting, path)}", where, "docs/shapes.md tells all keys")
        elif not leaf.admits(value):
            close = f"; {nearest(value, leaf.words)}" if leaf.words and isinstance(value, str) else ""
            raise UsageProblem(f"`{shown}` = {_said(value)}{close}", leaf.expected, where, leaf.says)


def _names(found: list[Key], path: tuple[str, ...]) -> str:
    return ", ".join(key.path[len(path)].replace("*", "names of your own") for key in found)


def _said(value: Any) -> str:
    text = "a table" if isinstance(value, Mapping) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return all(one in ("*", other) for one, other in zip(pattern, path, strict=False))


def leaves(document: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a document with its path, tables gone through."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*at, name))
        else:
            yield (*at, name), value


def source_of(document: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, str]:
    """Basis and source of the value at a path: the most exact of the sources that fit; ("", "") when none does."""
    fitting = [
        (sum(part != "*" for part in pattern), told)
        for pattern, told in ((tuple(key.split(".")), told) for key, told in document.get("sources", {}).items())
        if len(pattern) <= len(path) and _fits(pattern, path)
    ]
    if not fitting:
        return "", ""
    _, told = max(fitting, key=lambda found: found[0])
    return str(told.get("basis", "")), str(told.get("source", ""))
