"""Shared fixtures: the folder of published data, where there is one."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from klue_helpers import cli

# The same examples at every run of the CI; new ones at every run by hand.
settings.register_profile("course", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("course")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of published files: KLUE_DATA_DIR, else ``../shared/data`` beside the checkout."""
    folder = Path(os.environ.get("KLUE_DATA_DIR") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the published data files are not here: set KLUE_DATA_DIR to their folder")
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory) -> str:
    """The folder of a BERT of one layer with random weights."""
    from tiny import save_encoder

    return save_encoder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def klue(monkeypatch, capfd):
    """Run the command line in a project; return (status, standard output, standard error)."""

    def call(project, *words):
        monkeypatch.chdir(project.root)
        status = cli.main(list(words))
        return status, *capfd.readouterr()

    return call
