"""Every set from its three sources, sample, folder and hub: the same rows, features and errors."""

from dataclasses import replace

import pytest
from loopback import faulty_site, serving
from published_files import WRITERS, sample_rows, write_set

import klue_helpers as kh
from klue_helpers.data import CATALOGUE, download, sample_sizes
from klue_helpers.data.download import GITHUB, git_blob_id
from klue_helpers.data.schemas import SCHEMAS


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a set and offer it from a folder and from a publisher's site; return its paths by address."""
    monkeypatch.setenv("KLUE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KLUE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    files: dict[str, bytes] = {}

    def write(name: str):
        paths = write_set(name, tmp_path, {split: sample_rows(name, split) for split in sample_sizes(CATALOGUE[name])},
                          monkeypatch)
        files.update({url.removeprefix(GITHUB): path.read_bytes() for url, path in paths.items()})
        return paths

    write.files = files
    with serving(faulty_site(files, [])) as address:
        monkeypatch.setenv("KLUE_RAW_URL", address)
        yield write


@pytest.mark.parametrize("name", WRITERS)
def test_sample_folder_and_hub_give_the_same(written, name):
    written(name)
    splits = list(CATALOGUE[name].splits)
    data = {source: kh.load_data(name, source) for source in ("sample", "local", "hub")}
    for source, found in data.items():
        assert list(found) == splits
        assert all(part.features == SCHEMAS[name] for part in found.values())
        rows = {split: part.to_list()[:12] for split, part in found.items()}
        if CATALOGUE[name].published("train")[1:] and not CATALOGUE[name].parallel and source == "sample":
            rows["train"] = rows["train"][::2] + rows["train"][1::2]  # the writer deals the rows to two files
        assert rows == {split: part.to_list() for split, part in data["local"].items()}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_wrong_with_a_file_is_told_in_the_same_words(written, name, monkeypatch):
    paths = written(name)
    with pytest.raises(kh.KlueError, match="없는 분할입니다: 'none'") as first:
        kh.load_data(name, "sample", splits=["none"])
    url, path = next(iter(paths.items()))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    written.files[url.removeprefix(GITHUB)] = path.read_bytes()
    entries = tuple(replace(file, blob=git_blob_id(path)) if file.url == url else file
                    for file in CATALOGUE[name].files)
    monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], files=entries))
    told = []
    for source in ("local", "hub"):
        with pytest.raises(kh.KlueError) as error:
            kh.load_data(name, source)
        told.append(str(error.value))
        with pytest.raises(kh.KlueError) as error:
            kh.load_data(name, source, splits=["none"])
        assert str(error.value) == str(first.value)
    assert told[0] == told[1] and path.name in told[0]


def test_our_own_corpus_is_the_same_from_the_hub():
    assert kh.load_data("corpus", "hub")["train"].to_list() == kh.load_data("corpus")["train"].to_list()


def test_the_writers_know_every_published_set():
    assert list(WRITERS) == [name for name, data in CATALOGUE.items() if data.files]


def test_unanswerable_questions_have_no_answer_from_any_source(written):
    """The hub's own copy of KLUE extends their answers by plausible ones."""
    written("mrc")
    for source in ("sample", "local", "hub"):
        rows = kh.load_data("mrc", source)["train"]
        impossible = [row for row in rows if row["is_impossible"]]
        assert impossible and all(row["answers"]["text"] == [] for row in impossible)


def test_sentences_of_entities_carry_no_marks_from_any_source(written):
    """The hub's own copy of KLUE keeps ``<name:TAG>`` in them, so that tags and characters do not match."""
    for path in written("ner").values():
        assert "\t" in path.read_text(encoding="utf-8")
    for source in ("sample", "local", "hub"):
        assert all("".join(row["tokens"]) == row["sentence"] for row in kh.load_data("ner", source)["train"])


def test_every_published_file_has_an_address_at_a_commit_and_a_hash():
    for data in CATALOGUE.values():
        for file in data.files:
            assert len(file.blob) == 40 and file.url.startswith(f"{GITHUB}/")
            assert len(file.url.split("/")[5]) == 40, "a branch may change under the hash"
