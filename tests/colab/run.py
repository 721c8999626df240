"""Run lectures as Colab would: its packages, its module, the setup cell with a wheel of this checkout, an empty folder.

    python tests/colab/run.py                # every lecture
    python tests/colab/run.py 3 9 --output colab.json
    python tests/colab/run.py 2 --setup-only --without-torch

Works on Linux, as Colab does.

The environment has the Python that runs this script (Colab's is 3.12 or 3.13) and, at Colab's versions, the packages of
its list that the course and the kernel reach. torch alone is borrowed from that Python, since Colab's own build is on
no index. Each lecture starts from a fresh copy, as each notebook has a machine of its own there. Fails where a setup
cell fails, changes a package of Colab's or downloads more than it states, and where a lecture fails or leaves a file.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import distribution
from pathlib import Path

from resolve import HERE, ROOT, read_pins, resolve
from uv import find_uv_bin

from klue_helpers.course.colab import NEEDS, Needs, read_address, setup_source
from klue_helpers.course.notebooks import code_cells, read_notebook
from klue_helpers.course.project import Lecture, Project

_DOWNLOAD = re.compile(r"Downloading \S+ \((?:metadata: )?([\d.]+) (kB|MB|GB)\)")
_MB = {"kB": 1e-3, "MB": 1.0, "GB": 1e3}
_PEAK = "import resource as _r; _u = _r.getrusage(_r.RUSAGE_SELF); print(_u.ru_maxrss, _u.ru_utime + _u.ru_stime)"


@dataclass
class Finding:
    """What one lecture cost, and what went wrong (empty where nothing did)."""

    lecture: int
    python: str
    torch: str
    setup_seconds: float = 0.0
    setup_cpu: float = 0.0
    megabytes: float = 0.0
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    seconds: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    wrong: str = ""


def colab_list() -> Path:
    """Return Colab's list for the running Python; for one that Colab does not have, the oldest list."""
    own = HERE / f"python3.{sys.version_info.minor}.txt"
    return own if own.is_file() else min(HERE.glob("python3.*.txt"))


def build_wheel(folder: Path) -> Path:
    """Build the wheel that a release would hold."""
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT], check=True)
    return next(folder.glob("*.whl"))


def base_packages() -> list[str]:
    """Return, at Colab's versions, what of its list the course and a kernel reach; torch is left out."""
    pins = read_pins(colab_list())
    python = f"3.{sys.version_info.minor}.{sys.version_info.micro}"
    project = Path(tempfile.mkdtemp()) / "pyproject.toml"
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project.write_text(text.replace('"accelerate', '"ipykernel",\n    "accelerate'), encoding="utf-8")
    reached = resolve(["words", "analyzers", "kss"], python, "x86_64-unknown-linux-gnu", installed=colab_list(),
                      project=project)
    shutil.rmtree(project.parent)
    wanted = {"pip", "setuptools", *reached} & set(pins) - {"torch"}
    return [f"{name}=={pins[name]}" for name in sorted(wanted)]


def make_environment(folder: Path, packages: list[str], borrow: bool) -> Path:
    """Make a virtual environment with the packages, torch and Colab's module; return its Python."""
    uv, quiet = find_uv_bin(), {"check": True, "capture_output": True}
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], **quiet)
    python = folder / "bin" / "python"
    subprocess.run([uv, "pip", "install", "-q", "--no-deps", "--python", python, *packages], **quiet)
    site = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    announce_torch(site)
    if borrow:
        borrow_torch(site)
    shutil.copytree(HERE / "standin", site, dirs_exist_ok=True)
    (site / "colab.pth").write_text("import google.colab\n", encoding="utf-8")
    return python


def borrow_torch(site: Path) -> None:
    """Link this Python's torch, and what it alone needs (CUDA), into the environment; pip takes it for Colab's."""
    home = Path(distribution("torch").locate_file(""))
    for pattern in ("torch", "torchgen", "functorch", "nvidia*", "triton*", "cuda*"):
        for path in home.glob(pattern):
            (site / path.name).symlink_to(path)


def announce_torch(site: Path) -> None:
    """Tell pip that Colab's torch is there."""
    version = read_pins(colab_list())["torch"]
    folder = site / f"torch-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n", encoding="utf-8")
    (folder / "RECORD").write_text("", encoding="utf-8")


def frozen(python: Path) -> dict[str, str]:
    """Return the versions by name in an environment."""
    shown = subprocess.run([find_uv_bin(), "pip", "list", "-q", "--format", "json", "--python", python], check=True,
                           capture_output=True, text=True).stdout
    return {one["name"]: one["version"] for one in json.loads(shown)}


def cell_with(wheel: Path, lecture: Lecture) -> str:
    """Return the lecture's setup cell as committed, with the wheel in place of the released one."""
    address = read_address(Project(ROOT))
    source = code_cells(read_notebook(lecture.path))[0]["source"]
    assert source == setup_source(lecture, address)
    return source.replace(address.wheel, wheel.as_uri())


def note_changes(finding: Finding, before: dict[str, str], after: dict[str, str]) -> None:
    """Note which packages came and which of those before are others now."""
    finding.added = tuple(sorted(set(after) - set(before)))
    finding.changed = tuple(f"{name} {before[name]} -> {after.get(name)}" for name in before
                            if after.get(name) != before[name])


def run_setup(finding: Finding, lecture: Lecture, python: Path, wheel: Path, empty: Path) -> None:
    """Run the lecture's setup cell and note what it cost and changed."""
    log, before = empty.parent / "pip.log", frozen(python)
    settings = {"PIP_LOG": str(log), "PIP_NO_CACHE_DIR": "1", "PYTHONUTF8": "1"}
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | settings
    start = time.perf_counter()
    child = subprocess.Popen([python, "-c", cell_with(wheel, lecture)], cwd=empty, env=settings, text=True,
                             encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    finding.setup_seconds, finding.setup_cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    parts = _DOWNLOAD.findall(log.read_text(encoding="utf-8")) if log.is_file() else []
    finding.megabytes = wheel.stat().st_size / 1e6 + sum(float(size) * _MB[unit] for size, unit in parts)
    note_changes(finding, before, frozen(python))
    limit = NEEDS.get(lecture.number, Needs()).megabytes
    if status or output:
        finding.wrong = f"the setup cell is not quiet, or failed: {output[-1500:]}"
    elif finding.changed:
        finding.wrong = f"changed: {', '.join(finding.changed)}"
    elif finding.megabytes > limit:
        finding.wrong = f"{finding.megabytes:.0f} MB downloaded where the notebook says {limit}"


def describe_kernel(python: Path, folder: Path) -> Path:
    """Write the kernel named colab; return the folder in which Jupyter finds it."""
    kernel = folder / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    facts = {"argv": argv, "display_name": "colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder / "jupyter"


def run_notebook(finding: Finding, lecture: Lecture, python: Path, empty: Path) -> None:
    """Run the notebook after its setup cell, in an empty folder that must stay empty."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    os.environ.pop("PYTHONPATH", None)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the kernel warns of its debugger
    os.environ["JUPYTER_PATH"] = str(describe_kernel(python, empty.parent))
    notebook = nbformat.read(lecture.path, as_version=4)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [*codes[1:], nbformat.v4.new_code_cell(_PEAK)]
    place = {"metadata": {"path": str(empty)}}
    start = time.perf_counter()
    try:
        NotebookClient(notebook, kernel_name="colab", timeout=None, resources=place).execute()
        peak, cpu = notebook.cells[-1].outputs[0]["text"].split()
        finding.peak_mb, finding.cpu = float(peak) / 1e3, float(cpu)
    except CellExecutionError as error:
        finding.wrong = str(error)[-3000:]
    finding.seconds = time.perf_counter() - start
    if not finding.wrong and (left := sorted(path.name for path in empty.iterdir())):
        finding.wrong = f"left behind: {', '.join(left)}"


def run_lecture(lecture: Lecture, packages: list[str], wheel: Path, work: Path, options: argparse.Namespace) -> Finding:
    """Return what came of one lecture in a fresh environment, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"{lecture.number:02d}-", dir=work))
    empty = folder / "content"
    empty.mkdir()
    try:
        torch = "none" if options.without_torch else distribution("torch").version
        finding = Finding(lecture.number, f"3.{sys.version_info.minor}.{sys.version_info.micro}", torch)
        python = make_environment(folder / "env", packages, borrow=not options.without_torch)
        run_setup(finding, lecture, python, wheel, empty)
        if not finding.wrong and not options.setup_only:
            run_notebook(finding, lecture, python, empty)
        return finding
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def row(one: Finding) -> str:
    """Return a finding as a line of a table."""
    return (f"{one.lecture:7d} {one.setup_seconds:8.0f} {one.setup_cpu:6.0f} {one.megabytes:6.0f} {len(one.added):5d} "
            f"{one.seconds:8.0f} {one.cpu:6.0f} {one.peak_mb:8,.0f}  {one.wrong or 'good'}")


def main(words: list[str] | None = None) -> int:
    """Run the lectures named and print a table; return 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lectures", nargs="*", help="numbers, as for `klue run` (all)")
    parser.add_argument("--setup-only", action="store_true", help="only run the setup cells")
    parser.add_argument("--without-torch", action="store_true", help="pretend that torch is there")
    parser.add_argument("--output", type=Path, help="write the findings as JSON")
    options = parser.parse_args(words)
    findings = []
    with tempfile.TemporaryDirectory(prefix="colab-") as work:
        wheel, packages = build_wheel(Path(work)), base_packages()
        print("lecture setup s  CPU s     MB added    run s  CPU s  peak MB", flush=True)
        for lecture in Project(ROOT).select(options.lectures):
            findings.append(run_lecture(lecture, packages, wheel, Path(work), options))
            print(row(findings[-1]), flush=True)
    if options.output:
        text = json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=1)
        options.output.write_text(text + "\n", encoding="utf-8")
    return 1 if any(one.wrong for one in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
