"""The file of measurements behind a model card: one JSON a model, a section a kind of measurement."""

import json
import math
from pathlib import Path

from klue_helpers.files import write_atomically


def read(path: Path) -> dict:
    """Return the sections measured so far."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, section: str, value: object) -> None:
    """Put a section into the file, as it is now: another process may have written to it meanwhile."""
    text = json.dumps(read(path) | {section: value}, ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(path, text + "\n")


def add(path: Path, section: str, row: dict, *, same: tuple[str, ...]) -> None:
    """Put a row into a section in the place of one that is equal in the columns `same`; keep the rows in order."""
    others = [old for old in read(path).get(section, []) if any(old[name] != row[name] for name in same)]
    write(path, section, sorted([*others, row], key=lambda one: [one[name] for name in same]))
    print(json.dumps(row, ensure_ascii=False), flush=True)


def wilson(share: float, count: int) -> list[float]:
    """Return the 95 % interval of a share."""
    z = 1.96
    middle, width = share + z * z / (2 * count), z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return [round(float((middle + sign * width) / (1 + z * z / count)), 4) for sign in (-1, 1)]
