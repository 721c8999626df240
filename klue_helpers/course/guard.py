"""No child outlives `klue`: run a module in a process that ends with its parent (operations, taught nowhere).

``python -m klue_helpers.course.guard MODULE ARGUMENT…`` does what ``python -m MODULE ARGUMENT…`` does. A killed or
crashed `klue` cannot end its children itself, so each of them watches over its parent.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
_PAUSE = 1.0  # seconds between two looks at the parent, where the operating system does not tell of its end


def guarded(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with this Python until its parent ends."""
    return [sys.executable, "-m", __name__, module, *arguments]


def end_with_parent() -> None:
    """Make this process end as soon as the one that started it has ended, however that came about.

    Linux sends the signal itself, even while a cell holds the interpreter in C code. Elsewhere a thread looks.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:  # it ended between the two calls
            os._exit(1)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def main(arguments: Sequence[str]) -> None:
    """Run the module named first as ``__main__``, its arguments in ``sys.argv`` as it would find them."""
    end_with_parent()
    sys.argv = list(arguments)
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def _watch(parent: int) -> None:
    """End this process once its parent has ended, even where nobody has taken notice of that yet (a zombie)."""
    import psutil

    process = psutil.Process(parent)
    while os.getppid() == parent and process.is_running():  # on Windows the number of a dead parent stays
        time.sleep(_PAUSE)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
