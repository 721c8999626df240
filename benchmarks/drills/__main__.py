"""Try to break `klue`: kills, two at once, full disks, damaged files, hostile notebooks, odd inputs.

``python benchmarks/drills [DRILL …] [--times N] [--inputs N] [--seed N]`` works on toy projects in a temporary folder,
ends by itself (an hour at most, a quarter of one on a quiet machine) and prints a table. The status is 1 where anything
was lost, ended in a traceback, hung, outlived its command or was called bad though it was good.
"""

import argparse
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

import commands  # noqa: E402 - these need the paths above
import inputs  # noqa: E402
from tally import HEAD, Tally  # noqa: E402

from klue_helpers.course.report import table  # noqa: E402

Drill = Callable[[Tally, int, random.Random], None]


def drills(times: int, count: int) -> dict[str, Callable[[Tally, random.Random], None]]:
    """Return the drills by name: those on commands `times` times each, those on inputs `count` times in all."""
    share = -(-count // len(inputs.DRILLS))
    every: dict[str, tuple[Drill, int]] = {name: (drill, times) for name, drill in commands.DRILLS.items()}
    every |= {name: (drill, share) for name, drill in inputs.DRILLS.items()}
    return {name: partial(_run, drill, number) for name, (drill, number) in every.items()}


def _run(drill: Drill, number: int, tally: Tally, rng: random.Random) -> None:
    drill(tally, number, rng)


def main() -> int:
    """Run the drills that are asked for and print one row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drills", nargs="*", help="names; all for none")
    parser.add_argument("--times", type=int, default=4, help="tries of each drill on a command")
    parser.add_argument("--inputs", type=int, default=10_000, help="odd inputs in all")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    known = drills(options.times, options.inputs)
    tallies = []
    for name in options.drills or known:
        tally = Tally(name)
        known[name](tally, random.Random(f"{options.seed} {name}"))
        tallies.append(tally)
        print(f"{name}: {tally.tried}", file=sys.stderr, flush=True)
    total = Tally.sum(tallies)
    print(table(HEAD, [one.row() for one in [*tallies, total]], right=range(1, len(HEAD))))
    for one in tallies:
        for note in one.notes:
            print(f"- {one.name}: {note}")
    return 1 if total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
