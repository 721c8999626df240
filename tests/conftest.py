"""Shared fixtures: the folder of published data, where there is one."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("course", deadline=None)
settings.load_profile("course")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of published files: KLUE_DATA_DIR, else ``../shared/data`` beside the checkout."""
    folder = Path(os.environ.get("KLUE_DATA_DIR") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the published data files are not here: set KLUE_DATA_DIR to their folder")
    return folder
