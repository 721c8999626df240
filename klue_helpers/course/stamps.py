"""Content hashes that tell whether a step must run again (operations, taught nowhere)."""

import hashlib
import json
import os
import platform
import re
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import klue_helpers
from klue_helpers.course.project import Project
from klue_helpers.errors import KlueError
from klue_helpers.files import write_atomically

PACKAGE = Path(klue_helpers.__file__).parent


class Stamps:
    """What the steps remember of their last success: one JSON file a step and lecture below ``_build/cache``."""

    def __init__(self, project: Project, step: str) -> None:
        self._folder = project.build / "cache" / step

    def read(self, name: str, key: str) -> dict[str, Any] | None:
        """Return what was remembered under the name, if it was remembered under the same key."""
        path = self._folder / f"{name}.json"
        if not path.is_file():
            return None
        try:
            stamp = json.loads(path.read_text(encoding="utf-8"))
            whole = stamp["seal"] == digest([stamp["key"], stamp["facts"]])
        except (ValueError, KeyError, TypeError, RecursionError):
            whole = False
        return stamp["facts"] if whole and stamp["key"] == key else None  # a damaged stamp only costs a rerun

    def write(self, name: str, key: str, facts: dict[str, Any]) -> None:
        """Remember a success. Call it only after one."""
        stamp = {"key": key, "facts": facts, "seal": digest([key, facts])}
        write_atomically(self._folder / f"{name}.json", json.dumps(stamp, ensure_ascii=False, indent=1))

    def forget(self, name: str) -> None:
        """Forget the last success, as before a step that replaces what it left."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)


def digest(value: Any) -> str:
    """Return the SHA-256 of any value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def package_digest() -> str:
    """Return one hash of every file of the helper package: code, profiles, samples, models."""
    files = [path for path in sorted(PACKAGE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return digest([(path.relative_to(PACKAGE).as_posix(), file_digest(path)) for path in files])


def folder_listing(folder: str | None) -> list[tuple[str, int, int]]:
    """Return (path, bytes, mtime in ns) of the files below a data folder: cheap even for gigabytes."""
    if folder is None:
        return []
    rows = []
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            facts = os.stat(os.path.join(here, name))
            rows.append((os.path.relpath(os.path.join(here, name), folder), facts.st_size, facts.st_mtime_ns))
    return rows


def requirements(project: Project | None = None) -> list[str]:
    """Return what the course requires on this Python, as in pyproject.toml: ``["torch>=2.4", …]``.

    With a project, what its pyproject.toml states, extras included; without one, what the installed package
    itself needs.
    """
    from packaging.requirements import Requirement

    path = project.root / "pyproject.toml" if project else None
    if path and path.is_file():
        table = _read_toml(path).get("project", {})
        extras = table.get("optional-dependencies", {}).values()
        found = [*table.get("dependencies", []), *(line for extra in extras for line in extra)]
    else:
        found = _installed_requirements()
    wanted = [Requirement(line) for line in found if not line.startswith("klue")]
    here = [need for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sorted({f"{need.name}{need.specifier}" for need in here})


def distribution_name(requirement: str) -> str:
    """Return the bare name of a requirement: ``"torch>=2.4"`` gives ``"torch"``."""
    return re.match(r"[\w.-]+", requirement).group()


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def versions(project: Project) -> dict[str, str | None]:
    """Return the versions that outputs may depend on: Python's and those of the course's requirements."""
    names = [distribution_name(line) for line in requirements(project)]
    return {"python": platform.python_version(), **{name: installed_version(name) for name in names}}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # also what is not UTF-8
        raise KlueError(f"pyproject.toml을 읽지 못했습니다: {path}({error}). 파일을 되돌려 놓으세요.") from error


def _installed_requirements() -> list[str]:
    try:
        return metadata.requires("klue-helpers") or []
    except metadata.PackageNotFoundError:
        return []
