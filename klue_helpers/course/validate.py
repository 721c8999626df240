"""The child process in which `klue check` compares one notebook with nbval (operations, taught nowhere).

``python -m klue_helpers.course.validate …`` is pytest with nbval, but for its impatience: nbval calls a cell failed
whose output does not arrive within five seconds, and waits for a dead kernel as long as for a living one.
"""

import sys
import time
from collections.abc import Sequence
from queue import Empty
from typing import Any

import pytest
from nbval import kernel as nbval_kernel
from nbval import plugin as nbval_plugin

from klue_helpers.course.kernel import DIED, START, manager

_LOOK = 1.0  # seconds between two looks at whether the kernel lives
_INTERRUPT = 60.0  # seconds that an interrupted cell has to end
_FIRST_WAIT = 1.0  # seconds for the first answer on IOPub; doubled at each try


class PatientKernel(nbval_kernel.RunningKernel):
    """nbval's kernel: waits as long as it is told while the kernel lives, and no longer."""

    _end = float("inf")  # when an interrupted cell must have ended, on the monotonic clock

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message. Raises Empty after the timeout, RuntimeError once the kernel has died."""
        end = min(self._end, float("inf") if timeout is None else time.monotonic() + timeout)
        while True:
            left = end - time.monotonic()
            if self._end <= time.monotonic():
                raise Empty  # even where messages keep coming
            lived = self.is_alive()  # asked before the wait: what a dying kernel sent last is still read
            try:
                return super().get_message(stream, timeout=min(_LOOK, max(left, 0)))
            except Empty:
                if not lived:
                    raise RuntimeError(DIED) from None
                if left <= _LOOK:
                    raise

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Start a cell; return the id of its request."""
        self._end = float("inf")
        return super().execute_cell_input(cell_input, allow_stdin=allow_stdin)

    def interrupt(self) -> None:
        """Interrupt the running cell, which nbval does when its time is up."""
        self._end = time.monotonic() + _INTERRUPT
        super().interrupt()

    def _ensure_iopub_up(self) -> None:
        """Ask until an answer comes on IOPub too: what the kernel published before we listened is lost."""
        wait, end = _FIRST_WAIT, time.monotonic() + START
        while True:
            request = self.kc.kernel_info()
            self.await_reply(request, timeout=START)
            try:
                return self.await_idle(request, wait)
            except Empty:
                if time.monotonic() > end:
                    raise
                wait *= 2


class Patience:
    """A pytest plugin: an output may take as long to arrive as a cell may take; nothing runs after a kernel's end."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Let each cell wait for its outputs as long as for its end."""
        for item in items:
            item.output_timeout = config.option.nbval_cell_timeout

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Leave out the cells after the one in which the kernel died, which alone has failed."""
        if item.cell_num and not item.parent.kernel.is_alive():
            pytest.skip("the kernel died in an earlier cell")


def main(arguments: Sequence[str]) -> int:
    """Run pytest on the arguments, with kernels that end with this process."""
    nbval_plugin.RunningKernel = PatientKernel
    nbval_kernel.KernelManager = _manager
    return int(pytest.main(list(arguments), plugins=[Patience()]))


def _manager(**options: Any) -> Any:
    """Return a kernel manager, leaving out nbval's own choice of the Python."""
    from jupyter_client.manager import KernelManager

    del options["kernel_spec_manager"]
    return manager(KernelManager)(**options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
