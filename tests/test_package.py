"""The package's shape: layers, docstrings, sizes of functions and modules, equal dependency lists."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import klue_helpers as kh

PACKAGE = Path(kh.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
OPERATIONS = ("klue_helpers.course", "klue_helpers.cli")
TEACHING = ("klue_helpers.exercises", "klue_helpers.plots")
# No learner calls these by name.
PLUMBING = {"__init__", "__main__", "configure", "errors", "extras", "files", "jvm", "options", "workers"}
OPERATIONS_ONLY = {"papermill", "nbval", "jupyter_book", "nbclient", "nbformat", "sphinx", "psutil"}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer(name: str) -> int:
    """0 for the core, 1 for teaching, 2 for operations."""
    if name.startswith(OPERATIONS) or name == "klue_helpers.__main__":
        return 2
    return 1 if name.startswith(TEACHING) else 0


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_layers(path):
    """The core imports neither teaching nor operations; teaching imports no operations."""
    mine = layer(dotted(path))
    above = {name for name in imports(path) if name.startswith("klue_helpers.") and layer(name) > mine}
    assert not above
    if mine < 2:
        assert not {name.split(".")[0] for name in imports(path)} & OPERATIONS_ONLY


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_modules_and_functions_are_short_and_documented(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    if not dotted(path).startswith("klue_helpers.exercises.lecture"):  # lists of exercises are data
        assert source.count("\n") <= 400
    assert ast.get_docstring(tree), "every module says in its first line what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            assert node.end_lineno - first.lineno + 1 <= 25, f"{node.name} has a body of more than 25 lines"
            if not node.name.startswith("_"):
                assert node.returns is not None, f"{node.name} lacks a return type"


@pytest.mark.parametrize("path", [p for p in MODULES if layer(dotted(p)) == 0], ids=dotted)
def test_core_modules_say_which_lecture_teaches_them(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert re.search(r"lecture|taught|course|profile", docstring, re.IGNORECASE)


def test_every_module_that_a_lecture_names_is_a_lazy_name():
    """So that ``kh.chatbot`` works wherever a module of that name is there."""
    inside = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    names = {name for name in inside if layer(f"klue_helpers.{name}") < 2} - PLUMBING
    assert names == set(kh._MODULES) <= set(dir(kh))
    for name in names:
        assert getattr(kh, name).__name__ == f"klue_helpers.{name}"


def test_conda_environment_installs_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert f"python{project['requires-python']}" in conda
    from_pip = next(item["pip"] for item in conda if isinstance(item, dict))
    assert from_pip == ["--constraint constraints.txt", "--editable .[all]"]
    assert "pip install -q -c constraints.txt -e '.[all]'" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_within_its_bound():
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pins = {canonicalize_name(requirement.name): requirement for requirement in pinned}
    assert str(pins["torch"].specifier) == "==2.13.0"
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = [item for group in groups for item in group]
    for requirement in map(Requirement, wanted):
        if requirement.name != "klue-helpers":
            version = next(iter(pins[canonicalize_name(requirement.name)].specifier)).version
            assert requirement.specifier.contains(version), f"{requirement} against the pin {version}"


def test_no_modules_import_each_other_in_a_circle():
    """An import inside a function counts too: it only hides a circle."""
    names = {dotted(path) for path in MODULES}
    graph = {dotted(path): (imports(path) & names) - {dotted(path), "klue_helpers"} for path in MODULES}
    while leaves := {name for name, used in graph.items() if not used & graph.keys()}:
        graph = {name: used for name, used in graph.items() if name not in leaves}
    assert not graph, "these modules import each other, or one that does"
