"""The stand-in's server: models below ``/OWNER/NAME`` as the hub serves them, published files below ``/raw``."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import yaml
from loopback import Quiet, serving

import klue_helpers
from klue_helpers.data.catalogue import CATALOGUE, DataSet
from klue_helpers.data.download import GITHUB, git_blob_id
from standin.files import contents
from standin.models import write_models

PACKAGE = Path(klue_helpers.__file__).parent
REVISION = "a" * 40  # of every repository


@dataclass(frozen=True)
class Standin:
    """A folder with all that is served, and a copy of the package that knows the sizes of the files in it."""

    root: Path

    @property
    def package(self) -> Path:
        """The folder for PYTHONPATH."""
        return self.root / "package"

    def environment(self, address: str) -> dict[str, str]:
        """Return the variables under which a process takes the stand-in for the hub and the publishers."""
        return {"HF_ENDPOINT": address, "KLUE_RAW_URL": f"{address}/raw", "HF_HUB_DISABLE_XET": "1",
                "HF_HOME": str(self.root / "cache" / "hub"), "KLUE_CACHE_DIR": str(self.root / "cache" / "files"),
                "PYTHONPATH": str(self.package)}


def build(root: Path, *, published: Path | None = None, change: Callable[[Path], None] | None = None) -> Standin:
    """Write the models, the files and the package's copy.

    Parameters
    ----------
    root : an empty folder.
    published : folder of published files; those in it serve, the others are made by hand from the samples.
    change : spoils what is served before the copy of the package learns its sizes, to prove that a run notices.
    """
    standin = Standin(root)
    write_models(root / "models")
    rows: dict[str, int | None] = {}
    for data in CATALOGUE.values():
        rows |= _write_files(data, root / "raw", published / data.folder if published else None)
    if change:
        change(root)
    _copy_package(standin.package, root / "raw", rows)
    return standin


@contextmanager
def served(standin: Standin) -> Iterator[dict[str, str]]:
    """Serve until the end of the block; give the environment for its users."""
    with serving(_handler(standin.root)) as address:
        yield standin.environment(address)


def path_of(url: str) -> str:
    """Return where below ``raw`` a published file lies."""
    return url.removeprefix(f"{GITHUB}/")


def _write_files(data: DataSet, raw: Path, published: Path | None) -> dict[str, int | None]:
    """Write or link the files of a set. Return the rows of each by address."""
    made, rows = contents(data) if data.files else {}, {}
    for file in data.files:
        target, real = raw / path_of(file.url), published / file.path if published else None
        target.parent.mkdir(parents=True, exist_ok=True)
        if real and real.is_file() and git_blob_id(real) == file.blob:
            target.symlink_to(real)
            rows[file.url] = file.rows
        else:
            content, rows[file.url] = made[file.path]
            target.write_bytes(content)
    return rows


def _copy_package(folder: Path, raw: Path, rows: dict[str, int | None]) -> None:
    """Link to the package's files, but for a catalogue with blob ids and row counts of the served files."""
    own = folder / PACKAGE.name
    shutil.copytree(PACKAGE, own, copy_function=lambda source, target: Path(target).symlink_to(source),
                    ignore=shutil.ignore_patterns("__pycache__", "catalogue.yaml"))
    text = (PACKAGE / "data" / "catalogue.yaml").read_text(encoding="utf-8")
    catalogue = yaml.safe_load(text)
    for facts in catalogue.values():
        for file in facts["files"].values():
            file["blob"], file["rows"] = git_blob_id(raw / path_of(file["url"])), rows[file["url"]]
    (own / "data" / "catalogue.yaml").write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf-8")


def _handler(root: Path) -> type[Quiet]:
    """Return a handler that answers with the hub's own paths, headers and errors."""

    class Handler(Quiet):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            parts = unquote(urlsplit(self.path).path).strip("/").split("/")
            if parts[0] == "raw":
                return self.file(root.joinpath(*parts))
            if parts[:2] == ["api", "models"]:
                return self.about("/".join(parts[2:4]), parts[4:])
            folder = root.joinpath("models", *parts[:2])
            if parts[2:3] != ["resolve"] or not folder.is_dir():
                return self.unknown()
            return self.file(folder.joinpath(*parts[4:]))

        def about(self, name: str, rest: list[str]) -> None:
            """Tell what a repository holds."""
            folder = root / "models" / name
            if not folder.is_dir():
                return self.unknown()
            paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
            if rest[:1] == ["tree"]:
                return self.json([{"type": "file", "path": path.name, "oid": git_blob_id(path),
                                   "size": path.stat().st_size} for path in paths])
            return self.json({"id": name, "sha": REVISION, "private": False, "gated": False, "disabled": False,
                              "tags": [], "siblings": [{"rfilename": path.name} for path in paths]})

        def unknown(self) -> None:
            """Answer as the hub does for a repository that is private or not there."""
            self.reply(401, b"Invalid username or password.", X_Error_Code="RepoNotFound")

        def json(self, value: object) -> None:
            self.reply(200, json.dumps(value).encode(), Content_Type="application/json")

        def file(self, path: Path) -> None:
            if not path.is_file():
                return self.reply(404, X_Error_Code="EntryNotFound", X_Repo_Commit=REVISION)
            return self.reply(200, path.read_bytes(), ETag=f'"{quote(path.name)}-{path.stat().st_size}"',
                              X_Repo_Commit=REVISION, Content_Type="application/octet-stream")

    return Handler
