"""Whether a text repeats 30 characters or more of the training text word for word (lecture 8, model card)."""

from collections.abc import Iterable

import numpy as np

WINDOW = 30
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no character of a window is lost modulo 2 to the 64th


class Windows:
    """All stretches of 30 characters on the lines of a text: found by their hashes, then compared.

    Eight bytes a character of the text.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.text = "\n".join(lines)
        self.hashes = _hashes(self.text)
        self.hashes.sort()

    def longest(self, text: str) -> str:
        """Return the longest stretch that a line of `text` has in common with the lines, "" below 30 characters."""
        return max((self._longest(line) for line in text.splitlines()), key=len, default="")

    def _longest(self, line: str) -> str:
        hashes, best = _hashes(line), ""
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        for start in np.flatnonzero(self.hashes[at] == hashes) if len(self.hashes) else ():
            end = start + max(WINDOW, len(best) + 1)
            while end <= len(line) and line[start:end] in self.text:
                best, end = line[start:end], end + 1
        return best


def _hashes(text: str) -> np.ndarray:
    """Return (characters - 29,) the hash of every stretch of 30 characters, modulo 2 to the 64th."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    number = max(0, len(codes) - WINDOW + 1)
    hashes = np.zeros(number, dtype=np.uint64)
    for place in range(WINDOW if number else 0):
        hashes *= _BASE
        hashes += codes[place:place + number]
    return hashes
