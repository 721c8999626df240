"""Installing: on every Python and platform that README names, and beside what Colab has, without changing it."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import packages_distributions

import pytest
from colab.renew import pins
from colab.resolve import PLATFORMS, Unresolved, read_pins, resolve
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from klue_helpers import extras
from klue_helpers.course.colab import NEEDS, Needs
from klue_helpers.course.notebooks import code_cells, read_notebook
from klue_helpers.course.project import Project
from klue_helpers.embeddings import piece_vectors
from klue_helpers.errors import KlueError

COLAB = {path.stem.removeprefix("python"): path for path in sorted((ROOT / "tests" / "colab").glob("python3.*.txt"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = ROOT / "constraints.txt"
PYTHONS = ("3.11.9", "3.13", "3.14")
PROVIDED = packages_distributions()  # names of distributions by the modules that they install
OWN = {"klue_helpers", "helper", "standin"}


def declared(extras: str = "") -> set[str]:
    """Return the canonical names that the core and the given extras ask for, extras of extras included."""
    lines = list(PROJECT["dependencies"])
    todo = [extra for extra in extras.split(",") if extra]
    while todo:
        for line in PROJECT["optional-dependencies"][todo.pop()]:
            need = Requirement(line)
            todo += need.extras if need.name == PROJECT["name"] else []
            lines += [] if need.name == PROJECT["name"] else [line]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def third_party(source: str) -> set[str]:
    """Return the canonical names of the distributions that a piece of code imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    names = found - set(sys.stdlib_module_names) - OWN
    return {canonicalize_name(PROVIDED.get(name, [name])[0]) for name in names}


@pytest.fixture(scope="module")
def beside_colab():
    """By (Python, platform): what the lectures' extras together choose beside all that Colab has."""
    extras = sorted({extra for needs in NEEDS.values() for extra in needs.extras.split(",")})
    with ThreadPoolExecutor() as pool:  # each waits for the index most of its time
        return {(python, platform): pool.submit(resolve, extras, python, platform, installed=COLAB[python])
                for python in COLAB for platform in PLATFORMS}


@pytest.fixture(scope="module")
def as_tested():
    """By (Python, platform): what `make env` chooses."""
    with ThreadPoolExecutor() as pool:
        return {(python, platform): pool.submit(resolve, ["all"], python, platform, constraints=CONSTRAINTS)
                for python in PYTHONS for platform in PLATFORMS}


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", sorted(COLAB))
def test_nothing_of_colabs_changes(beside_colab, python, platform):
    """Compiled packages come as wheels, or the resolver finds nothing."""
    before, after = read_pins(COLAB[python]), beside_colab[python, platform].result()
    assert {"torch", "transformers", "huggingface-hub", "numpy", "pandas", "kss", "gensim"} <= set(after)
    changed = {name: (before[name], version) for name, version in after.items() if before.get(name, version) != version}
    assert changed == {}


@pytest.mark.slow
def test_a_need_that_changes_colab_or_must_be_compiled_is_noticed(tmp_path):
    """The two faults of the first edition: huggingface_hub>=2.4, and a MeCab without a wheel for Python 3.13."""
    def choose(*needs: str) -> dict[str, str]:
        project = tmp_path / "pyproject.toml"
        project.write_text(f'[project]\nname = "x"\nversion = "1"\ndependencies = {list(needs)}\n', encoding="utf-8")
        return resolve([], "3.13", PLATFORMS[0], installed=COLAB["3.13"], project=project)

    before = read_pins(COLAB["3.13"])["huggingface-hub"]
    assert choose("huggingface_hub>=1.5")["huggingface-hub"] == before
    assert choose("huggingface_hub>=2.4")["huggingface-hub"] != before
    with pytest.raises(Unresolved, match="python-mecab-ko"):
        choose("python-mecab-ko>=1.3")


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_tested_installs_without_a_compiler(as_tested, python, platform):
    chosen, pinned = as_tested[python, platform].result(), read_pins(CONSTRAINTS)
    assert {"torch", "mecab-ko", "jpype1", "jupyter-book"} <= set(chosen)
    assert ("gensim" in chosen) == (python != "3.14")
    loose = {name for name, version in chosen.items() if pinned.get(name) != version}
    assert loose <= {"setuptools", "wheel"}  # which come with the environment


def test_every_import_of_the_package_is_declared():
    allowed = declared("all") | {"gradio"}  # `klue chat --page` asks for it itself
    found = {path.name: third_party(path.read_text(encoding="utf-8")) - allowed
             for path in (ROOT / "klue_helpers").rglob("*.py")}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize("lecture", Project(ROOT).lectures(), ids=lambda lecture: lecture.name)
def test_each_lecture_installs_what_its_cells_import(lecture):
    extras = NEEDS.get(lecture.number, Needs()).extras
    source = "\n".join(cell["source"] for cell in code_cells(read_notebook(lecture.path)))
    code = re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)
    assert third_party(code) <= declared(extras)


def test_python_bounds_agree():
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"(3, {low}) <= sys.version_info < (3, {high})" in makefile
    words = f"3.{low}~3.{int(high) - 1}"
    for page in ("README.md", "book/setup.md"):
        assert words in (ROOT / page).read_text(encoding="utf-8"), page


def test_the_list_of_colab_is_read_whole():
    freeze = ("numpy==2.1.3\ngoogle-colab @ file:///colabtools/dist/google_colab-1.0.0.tar.gz\n"
              "torch @ https://host/whl/cpu/torch-2.11.0%2Bcpu-cp313-cp313-manylinux_2_28_x86_64.whl\n"
              "jupyter_kernel_gateway @ git+https://host/kernel_gateway@b134\n")
    assert pins(freeze) == ["numpy==2.1.3", "torch==2.11.0"]
    assert sorted(COLAB) == ["3.12", "3.13"] and all(len(read_pins(path)) > 600 for path in COLAB.values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Colab runs on Linux")
def test_a_lecture_runs_whole_as_in_colab(tmp_path):
    """Lecture 3 from an empty environment: setup cell, then every cell, in an empty folder (see tests/colab/run.py)."""
    command = [sys.executable, ROOT / "tests" / "colab" / "run.py", "3", "--output", tmp_path / "found.json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert set(found["added"]) == {"klue-helpers", "koreanize-matplotlib"} and found["peak_mb"] > 100


@pytest.mark.parametrize(("python", "way_out"), [((3, 13), r"klue-helpers\[words\]"), ((3, 14), r"Python 3\.13 이하")])
def test_word_vectors_say_how_to_get_gensim(monkeypatch, python, way_out):
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    monkeypatch.setattr(sys, "version_info", python)
    with pytest.raises(KlueError, match=way_out):
        piece_vectors([[0, 1]], vocab_size=2, size=2)
