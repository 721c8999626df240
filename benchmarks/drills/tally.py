"""What a drill counts."""

import faulthandler
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from klue_helpers.errors import KlueError

FAULTS = ("lost", "traceback", "hung", "orphan", "false alarm")
HEAD = ("drill", "tried", *FAULTS)
_SHOWN = 12  # notes kept per drill


class Hung(BaseException):
    """A call took longer than its limit; no `except Exception` stops it."""


@dataclass
class Tally:
    """How often a drill was tried, and what went wrong."""

    name: str
    tried: int = 0
    counts: Counter = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How much went wrong in all."""
        return sum(self.counts.values())

    def fault(self, kind: str, note: str) -> None:
        """Count a fault and keep what is known of the first ones."""
        assert kind in FAULTS
        self.counts[kind] += 1
        if len(self.notes) < _SHOWN:
            self.notes.append(f"{kind}: {' '.join(note.split())[:300]}")

    def row(self) -> list[str]:
        """Return the tally's row of the table."""
        return [self.name, str(self.tried), *(str(self.counts[kind]) for kind in FAULTS)]

    def judge(self, call: Callable[[], object], what: object, *, seconds: int = 60) -> None:
        """Call something that may give any value or raise KlueError, within a time; count anything else."""
        self.tried += 1
        try:
            with _limit(seconds):
                call()
        except KlueError:
            pass  # told
        except Hung:
            self.fault("hung", f"{what!r}")
        except Exception as error:  # the fault that is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.fault("traceback", f"{what!r:.120} {type(error).__name__}: {error} "
                                    f"({os.path.basename(place.filename)}:{place.lineno})")

    @staticmethod
    def sum(tallies: Iterable["Tally"]) -> "Tally":
        """Return the sum of several tallies."""
        total = Tally("sum")
        for one in tallies:
            total.tried += one.tried
            total.counts.update(one.counts)
        return total


@contextmanager
def _limit(seconds: int) -> Iterator[None]:
    """Raise Hung in the block after so many seconds of CPU time, which other work on the machine does not use up."""

    def stop(number: int, frame: object) -> NoReturn:
        raise Hung

    # What never comes back from C code hears no signal; then the drills end, and say where.
    faulthandler.dump_traceback_later(20 * seconds, exit=True)
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        faulthandler.cancel_dump_traceback_later()


if sys.platform == "win32":
    raise SystemExit("The drills need POSIX: they kill, limit and mount.")
