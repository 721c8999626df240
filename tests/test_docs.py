"""The written pages stay true: links, tables, commands, addresses, interface words, terms of the search."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from klue_helpers import cli
from klue_helpers.configure import LECTURES
from klue_helpers.data import CATALOGUE

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
TOC_PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MARKDOWN = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "index.md")] + sorted((ROOT / "book").glob("*.md"))
WRITTEN = MARKDOWN + NOTEBOOKS
COLAB = "https://colab.research.google.com/github/"


def text_of(path: Path) -> str:
    """Return a page's Markdown; of a notebook, that of its Markdown cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of every row of Markdown tables, header and rule lines included."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def load_extension(name: str) -> ModuleType:
    """Import a Sphinx extension of the book from its file."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "book" / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_toc_names_existing_pages_and_every_page_of_the_book():
    missing = [page for page in TOC_PAGES if not any((ROOT / f"{page}{end}").is_file() for end in (".md", ".ipynb"))]
    assert not missing
    assert {f"book/{path.stem}" for path in (ROOT / "book").glob("*.md")} <= set(TOC_PAGES)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_relative_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL))
    local = [unquote(link.split("#")[0]) for link in links if not re.match(r"(?:https?:|mailto:|#)", link)]
    assert not [link for link in local if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_colab_links_are_made_from_the_configured_address(page):
    links = re.findall(re.escape(COLAB) + r"[^)\s\"]+", page.read_text(encoding="utf-8"))
    repository, branch = CONFIG["repository"]["url"].removeprefix("https://github.com/"), CONFIG["repository"]["branch"]
    start = f"{COLAB}{repository}/blob/{branch}/"
    targets = [link.removeprefix(start) for link in links]
    assert all((ROOT / target).is_file() for target in targets), targets
    if page.suffix == ".ipynb":
        assert targets[0] == f"notebooks/{page.name}"  # the button at the top


def test_repository_address_stands_in_one_place():
    url = CONFIG["repository"]["url"]
    found = [path.name for path in MARKDOWN if url in path.read_text(encoding="utf-8")]
    assert found == []


@pytest.mark.parametrize("page", ["README.md", "index.md"])
def test_lecture_table_shows_what_is_there(page):
    lectures = [row for row in rows_of(text_of(ROOT / page)) if row[0].isdigit()]
    assert [int(row[0]) for row in lectures] == list(range(1, 11))
    linked = [re.fullmatch(r"\[.+\]\(notebooks/(.+)\)", row[1]).group(1) for row in lectures]
    assert linked == sorted(path.name for path in NOTEBOOKS) and len(linked) == len(LECTURES)


def test_both_lecture_tables_have_the_same_titles():
    def titles(page):
        rows = [row for row in rows_of(text_of(ROOT / page)) if row[0].isdigit()]
        return [re.sub(r"\[(.+)\]\(.+\)", r"\1", row[1]) for row in rows]

    assert titles("README.md") == titles("index.md")


def test_lecture_headings_carry_the_number_and_the_title_of_the_plan():
    titles = {int(row[0]): re.sub(r"\[(.+)\]\(.+\)", r"\1", row[1])
              for row in rows_of(text_of(ROOT / "index.md")) if row[0].isdigit()}
    for path in NOTEBOOKS:
        heading = re.search(r"^# +(.+)$", text_of(path), flags=re.MULTILINE).group(1)
        number = int(path.name[:2])
        assert heading.startswith(f"{number}") and titles[number] in heading


def test_readme_begins_with_the_two_commands_that_the_makefile_has():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    first_block = re.search(r"```bash\n(.*?)```", text_of(ROOT / "README.md"), flags=re.DOTALL).group(1)
    assert re.findall(r"^make ([a-z-]+)", first_block, flags=re.MULTILINE) == ["book", "test"]
    for page in MARKDOWN:
        used = set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(page), flags=re.MULTILINE))
        assert used <= targets, (page.name, used - targets)


def test_klue_commands_in_the_pages_exist_with_their_options(capsys):
    helps = {}
    for name in cli.COMMANDS:
        assert cli.main([name, "--help"]) == 0
        helps[name] = capsys.readouterr().out
    for page in WRITTEN:
        for command, rest in re.findall(r"(?:^|`)klue ([a-z]+)([^`\n#]*)", text_of(page), flags=re.MULTILINE):
            assert command in helps, (page.name, command)
            unknown = [word for word in re.findall(r"--[a-z-]+", rest) if word not in helps[command]]
            assert not unknown, (page.name, command, unknown)


def test_readme_tells_of_every_command():
    shown = set(re.findall(r"^\| `klue ([a-z]+)", text_of(ROOT / "README.md"), flags=re.MULTILINE))
    assert shown == set(cli.COMMANDS)


def test_no_package_index_hosts_and_no_paths_of_a_machine():
    pages = [*WRITTEN, *(ROOT / ".github").rglob("*.yml"), ROOT / "_config.yml", ROOT / "Makefile", ROOT / "LICENSE"]
    forbidden = re.compile(r"python[h]osted|pypi[.]org|npmjs[.](?:org|com)|(?<![\w.])/(?:work|root|home/\w+)/|/tmp/\w")
    found = {path.name: forbidden.findall(path.read_text(encoding="utf-8")) for path in pages}
    assert not {name: hits for name, hits in found.items() if hits}


def test_settings_page_has_a_table_for_every_lecture():
    numbers = re.findall(r"```\{klue-settings\} (\d+)", text_of(ROOT / "book" / "settings.md"))
    assert sorted(map(int, numbers)) == sorted(LECTURES)


def test_data_page_tells_of_every_data_set_and_its_sizes():
    text = text_of(ROOT / "book" / "data.md")
    assert "```{klue-data}" in text
    assert not [name for name in CATALOGUE if f"`{name}`" not in text]
    for file in CATALOGUE["nsmc"].files:
        assert f"{file.rows:,}" in text


def test_licence_page_lists_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.match(r"[\w.-]+", need).group().lower() for group in groups for need in group} - {project["name"]}
    rows = rows_of(text_of(ROOT / "book" / "licences.md"))
    listed = {name.lower() for row in rows for name in re.findall(r"`([\w.-]+)`", row[0])}
    assert names <= listed, names - listed


def test_glossary_terms_are_unique_and_explained_in_a_sentence():
    terms = [row for row in rows_of(text_of(ROOT / "book" / "glossary.md"))
             if row[0] not in ("용어", "") and not set(row[0]) <= set("-:")]
    assert len(terms) >= 50
    assert len({row[0] for row in terms}) == len(terms)
    assert not [row for row in terms if len(row) != 3 or not row[1] or not row[2].endswith("다.")]


def test_bibliography_names_year_and_reason():
    rows = [row for row in rows_of(text_of(ROOT / "book" / "bibliography.md")) if re.search(r"\(\d{4}\)", row[0])]
    assert len(rows) >= 10
    assert not [row for row in rows if not row[1].endswith("다.")]
    for address, number in re.findall(r"\[arXiv:([\d.]+)\]\(https://arxiv.org/abs/([\d.]+)\)", str(rows)):
        assert address == number


def test_themes_say_everything_in_korean():
    import pydata_sphinx_theme
    from babel.messages.pofile import read_po

    ours = load_extension("korean_interface").read_catalogue("sphinx")
    with (Path(pydata_sphinx_theme.__file__).parent / "locale" / "sphinx.pot").open("rb") as source:
        wanted = [message.id for message in read_po(source) if message.id]
    untranslated = [text for text in wanted if not re.search("[가-힣]", ours.gettext(text))
                    and "theme" not in text.lower() and "Sphinx" not in text]
    assert wanted and not untranslated


def test_catalogues_have_no_empty_or_fuzzy_entry():
    from babel.messages.pofile import read_po

    for path in (ROOT / "book" / "_locale").glob("*.po"):
        with path.open("rb") as source:
            entries = [message for message in read_po(source) if message.id]
        assert entries and not [entry.id for entry in entries if entry.fuzzy or not entry.string]


def test_search_terms_of_known_text():
    split = load_extension("korean_search").split_for_index
    assert split("학습을") == ["학", "학습", "습을"]
    assert split("BERT를 2024 v3") == ["BERT", "를", "v3"]
    assert split("ㅋㅋㅋ") == ["ㅋ", "ㅋㅋ", "ㅋㅋ"]
    assert split("\u1112\u1161\u1112\u1161") == ["하", "하하"]


@given(st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=2, max_size=12), st.data())
def test_every_two_syllables_of_a_word_are_indexed(word, data):
    start = data.draw(st.integers(0, len(word) - 2))
    assert word[start : start + 2] in load_extension("korean_search").split_for_index(f"앞 {word}. 뒤")


def test_api_page_documents_every_module_of_the_core_and_of_teaching():
    package = ROOT / "klue_helpers"
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    modules = {path.stem for path in package.glob("*.py")} | packages
    operations = {"__init__", "__main__", "cli", "course", "jvm", "runtime"}
    documented = set(re.findall(r"automodule:: klue_helpers\.(\w+)", text_of(ROOT / "book" / "api.md")))
    assert documented == modules - operations


def test_docstring_sections_become_korean_lists():
    lines = ["Parameters", "----------", "name : key of the", "    catalogue.", "", "Returns", "-------", "A b : c."]
    assert load_extension("docstrings").format_sections(lines) == [
        "", "**매개변수**", "", "- ``name``: key of the", "  catalogue.", "", "", "**돌려주는 값**", "", "A b : c."]


def test_workflows_test_every_python_and_publish_from_main():
    folder = ROOT / ".github" / "workflows"
    test = yaml.safe_load((folder / "ci.yml").read_text(encoding="utf-8"))
    pages = yaml.safe_load((folder / "pages.yml").read_text(encoding="utf-8"))
    assert test["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    elsewhere = test["jobs"]["install"]["strategy"]["matrix"]["include"]
    assert {"windows-latest", "macos-latest"} <= {one["os"] for one in elsewhere}
    assert "3.14" in {one["python"] for one in elsewhere}
    steps = [step.get("run", "") for step in test["jobs"]["test"]["steps"]]
    assert "make env" in steps and "make test" in steps
    assert "make book" in [step.get("run") for step in pages["jobs"]["build"]["steps"]]
    for workflow in (test, pages):
        assert workflow["permissions"] == {"contents": "read"} and workflow["concurrency"]
