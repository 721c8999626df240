"""Write what Colab has installed, names and versions only, from a snapshot of its published list.

    git clone https://github.com/googlecolab/backend-info
    python tests/colab/renew.py backend-info           # the current image
    python tests/colab/renew.py backend-info COMMIT    # a past one, by the commit that the README there names
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
_PINNED = re.compile(r"([\w.-]+)==([\w.+!-]+)")
_WHEEL = re.compile(r"([\w.-]+) @ \S+/[\w.]+-(\d[\w.]*)(?:%2B\w+)?-(?:cp|py)\S+\.whl\S*")  # torch and its kin


def pins(freeze: str) -> list[str]:
    """Return ``name==version`` for each line of a pip freeze that states a version; Colab's own packages state none."""
    found = (_PINNED.fullmatch(line) or _WHEEL.fullmatch(line) for line in freeze.splitlines())
    return sorted({f"{match.group(1)}=={match.group(2)}" for match in found if match}, key=str.lower)


def main(repository: str, commit: str = "HEAD") -> None:
    """Write the list of one image to ``pythonX.Y.txt`` beside this file."""
    def show(*words: str) -> str:
        return subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True, text=True).stdout

    day = show("log", "-1", "--format=%as, commit %h", commit).strip()
    python = re.search(r"Python (3\.\d+)", show("show", f"{commit}:os-info.txt")).group(1)
    head = [f"# What Colab has installed with Python {python}: googlecolab/backend-info of {day}.",
            "# Renewed by tests/colab/renew.py; names and versions only."]
    lines = head + pins(show("show", f"{commit}:pip-freeze.txt"))
    (HERE / f"python{python}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
