"""The child process in which `klue run` executes one notebook with papermill (operations, taught nowhere).

``python -m klue_helpers.course.execute REQUEST.json``: one process per notebook, so that no JVM, torch or font state
is shared, and the kernel is always this Python, whatever kernels are registered on the machine.
"""

import json
import sys
from pathlib import Path
from typing import Any

from klue_helpers.course.kernel import START, manager

# nbclient's names of the two ends at which no cell raised an exception.
DIED, ENDLESS = "DeadKernelError", "CellTimeoutError"


def execute(request: dict[str, Any]) -> dict[str, Any] | None:
    """Execute one notebook.

    Parameters
    ----------
    request : ``source`` and ``output`` (paths), ``parameters``, and ``cell_limit`` (seconds that a cell may take).

    Returns
    -------
    None after success, else what failed: ``number`` of the code cell from 1 in the source notebook, the exception's
    ``ename`` (or DIED, ENDLESS), ``evalue`` and ``traceback``.
    """
    import papermill
    from jupyter_client.manager import AsyncKernelManager
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    limit = request["cell_limit"]
    try:
        papermill.execute_notebook(
            _literal(request["source"]), _literal(request["output"]), parameters=request["parameters"],
            kernel_name="python3", language="python", progress_bar=False,
            kernel_manager_class=manager(AsyncKernelManager),
            start_timeout=START, execution_timeout=limit, iopub_timeout=limit,
        )
    except papermill.PapermillExecutionError as error:
        cells = _own_cells(request)
        number = _failed_number(cells)
        # What IPython refuses before it runs, such as an unknown %magic, is only printed.
        reason = "\n".join(error.traceback) or (_printed_errors(cells[number - 1]) if number else "")
        return {"number": number, "ename": error.ename, "evalue": error.evalue, "traceback": reason}
    except (DeadKernelError, CellTimeoutError) as error:
        number = sum(cell["metadata"]["papermill"]["start_time"] is not None for cell in _own_cells(request))
        return {"number": number, "ename": type(error).__name__, "evalue": str(error), "traceback": ""}
    return None


def _literal(path: str) -> str:
    """Return the path such that papermill, which fills in ``{…}``, leaves it as it is."""
    return path.replace("{", "{{").replace("}", "}}")


def _own_cells(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the notebook's own code cells as papermill left them."""
    cells = json.loads(Path(request["output"]).read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"
            and "injected-parameters" not in cell["metadata"].get("tags", [])]


def _failed_number(cells: list[dict[str, Any]]) -> int:
    """Return which of the notebook's own code cells failed, from 1."""
    failed = [any(output["output_type"] == "error" for output in cell["outputs"])
              or bool(cell["metadata"].get("papermill", {}).get("exception")) for cell in cells]
    return failed.index(True) + 1 if True in failed else 0


def _printed_errors(cell: dict[str, Any]) -> str:
    """Return what the cell wrote to standard error."""
    texts = [output["text"] for output in cell["outputs"] if output.get("name") == "stderr"]
    return "".join(text if isinstance(text, str) else "".join(text) for text in texts)


def main() -> int:
    """Execute the request named on the command line; write what failed beside it."""
    path = Path(sys.argv[1])
    failure = execute(json.loads(path.read_text(encoding="utf-8")))
    if failure is None:
        return 0
    path.with_suffix(".failure.json").write_text(json.dumps(failure, ensure_ascii=False), encoding="utf-8")
    return 1


if __name__ == "__main__":
    sys.exit(main())
