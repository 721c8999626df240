"""The child process in which `klue run` executes one notebook with papermill (operations, taught nowhere).

``python -m klue_helpers.course.execute REQUEST.json``: a process a notebook, so that no JVM, torch or font state is
shared, and the kernel is always this Python, whatever kernels are registered on the machine.
"""

import json
import sys
from pathlib import Path
from typing import Any


def execute(request: dict[str, Any]) -> dict[str, Any] | None:
    """Execute one notebook.

    Parameters
    ----------
    request : ``source`` and ``output`` (paths) and ``parameters``.

    Returns
    -------
    None after success, else what failed: ``number`` of the code cell from 1 in the source notebook, its ``source``,
    the exception's ``ename``, ``evalue`` and ``traceback``.
    """
    import papermill

    try:
        papermill.execute_notebook(
            _literal(request["source"]), _literal(request["output"]), parameters=request["parameters"],
            kernel_name="python3", language="python", progress_bar=False, kernel_manager_class=_kernel_manager(),
        )
    except papermill.PapermillExecutionError as error:
        cells = json.loads(Path(request["output"]).read_text(encoding="utf-8"))["cells"]
        return {"number": _failed_number(cells), "source": error.source, "ename": error.ename,
                "evalue": error.evalue, "traceback": "\n".join(error.traceback)}
    return None


def _literal(path: str) -> str:
    """Return the path such that papermill, which fills in ``{…}``, leaves it as it is."""
    return path.replace("{", "{{").replace("}", "}}")


def _failed_number(cells: list[dict[str, Any]]) -> int:
    """Return which of the notebook's own code cells failed, from 1."""
    own = [cell for cell in cells if cell["cell_type"] == "code"
           and "injected-parameters" not in cell["metadata"].get("tags", [])]
    failed = [any(output["output_type"] == "error" for output in cell["outputs"])
              or bool(cell["metadata"].get("papermill", {}).get("exception")) for cell in own]
    return failed.index(True) + 1 if True in failed else 0


def _kernel_manager() -> type:
    """Return a kernel manager whose kernel is this very Python."""
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())

    class Manager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _this_python(self) -> KernelSpecManager:
            return ThisPython(parent=self)

    return Manager


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
