"""The kernel in which a lecture runs: this very Python, which loses no output (operations, taught nowhere).

``python -m klue_helpers.course.kernel -f FILE`` is ipykernel, but that it ends with the process that started it, and
that no message is dropped when a cell prints faster than the other side reads. ZeroMQ drops what exceeds a thousand
messages; where the cell's last word is among them, papermill and nbval wait in vain and call the cell failed.

No verdict hangs on the waits below: a kernel that has died is noticed within a second, whatever the wait, and a busy
machine may take a hundred times as long as an idle one to start a kernel or to bring an output over.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_client import KernelClient

START = 600  # seconds for a kernel to start; an idle machine takes one
CELL_LIMIT = 3600  # seconds for a cell unless the user says otherwise; a whole lecture takes four minutes at most
DIED = "The kernel died."  # what the checking process says of a kernel that ended by itself


def manager(base: type) -> type:
    """Return a kind of jupyter_client's kernel manager whose kernels are this Python and which loses no message.

    Parameters
    ----------
    base : ``KernelManager`` or ``AsyncKernelManager``.
    """
    import zmq
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict, make_ipkernel_cmd
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from traitlets import default

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict() | {"argv": make_ipkernel_cmd(mod=__name__)})

    class Manager(base):
        @default("kernel_spec_manager")
        def _this_python(self) -> KernelSpecManager:
            return ThisPython(parent=self)

        def client(self, **options: Any) -> "KernelClient":
            client = super().client(**options)
            client.context.setsockopt(zmq.RCVHWM, 0)  # no limit on what waits to be read
            return client

    return Manager


def main() -> None:
    """Run the kernel, as ``python -m ipykernel_launcher`` does."""
    from klue_helpers.course.guard import end_with_parent

    end_with_parent()
    if sys.path[0] == "" or Path(sys.path[0]) == Path.cwd():
        del sys.path[0]  # IPython puts the notebook's folder back once it is up
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    class KernelApp(IPKernelApp):
        def init_iopub(self, context: zmq.Context) -> None:
            context.setsockopt(zmq.SNDHWM, 0)  # no limit on what waits to be sent
            super().init_iopub(context)

    KernelApp.launch_instance()


if __name__ == "__main__":
    main()
