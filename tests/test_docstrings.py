"""The examples in docstrings, run as they stand."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import klue_helpers as kh

PACKAGE = Path(kh.__file__).parent


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = [dotted(path) for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_hold(name):
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0, "an example that stands outside of a docstring is never run"
    assert result.failed == 0


def test_examples_are_found():
    some = {"klue_helpers.text", "klue_helpers.noising", "klue_helpers.tasks.relation"}
    assert some <= set(MODULES)
