"""Settings: profiles, overrides, and what is refused."""

import importlib
import random
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

import klue_helpers as kh
from klue_helpers.configure import LECTURES, PROFILES, options_table, settings_for


@pytest.mark.parametrize(("lecture", "profile"), [(n, p) for n in LECTURES for p in PROFILES])
def test_every_profile_is_valid(lecture, profile):
    settings = settings_for(lecture, profile)
    assert (settings.lecture, settings.profile) == (lecture, profile)


def test_overrides_win_over_profile_and_defaults():
    assert settings_for(2, "gpu").source == "hub"
    assert settings_for(2, "gpu", {"source": "sample", "vocab_size": 9000}).vocab_size == 9000
    assert settings_for(2, "gpu", {"source": "sample"}).source == "sample"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lecture": 99}, ", ".join(map(str, sorted(LECTURES))) + "강"),
        ({"lecture": 2, "profile": "tpu"}, "cpu 또는 gpu"),
        ({"lecture": 2, "overrides": {"vocabsize": 1000}}, "'vocab_size'"),
        ({"lecture": 2, "overrides": {"vocab_size": "1000"}}, "정수"),
        ({"lecture": 2, "overrides": {"vocab_size": True}}, "정수"),
        ({"lecture": 2, "overrides": {"vocab_size": 3}}, "500~64,000"),
        ({"lecture": 2, "overrides": {"source": "web"}}, "sample, local, hub"),
        ({"lecture": 2, "overrides": {"seed": -1}}, "범위"),
        ({"lecture": 2, "overrides": {"profile": "gpu"}}, "없는 설정"),
    ],
)
def test_mistakes_are_refused_with_the_way_out(arguments, message):
    with pytest.raises(kh.KlueError, match=message):
        settings_for(**arguments)


def test_configure_seeds_and_sets_the_korean_font():
    kh.configure(2, seed=7)
    first = (random.random(), float(np.random.rand()))
    kh.configure(2, seed=7)
    assert (random.random(), float(np.random.rand())) == first
    assert mpl.rcParams["font.family"] == ["NanumGothic"]


def test_settings_render_as_a_table():
    settings = settings_for(2, "cpu", {"vocab_size": 1234})
    assert "| `vocab_size` | 1234 |" in settings._repr_markdown_()
    assert "vocab_size = 1234" in repr(settings)


def test_options_table_names_every_setting():
    names = [row["name"] for row in options_table(2)]
    assert names[:2] == ["profile", "seed"] and "vocab_size" in names
    assert all(row["doc"] for row in options_table(2))


def test_import_is_lazy():
    heavy = ("torch", "transformers", "datasets", "jpype", "kiwipiepy", "pandas", "matplotlib", "papermill")
    code = f"import sys, klue_helpers; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_function_stays_a_function_after_importing_the_module():
    importlib.import_module("klue_helpers.configure")

    assert callable(kh.configure)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kh.nothing
