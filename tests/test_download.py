"""The source hub against a loopback server with the faults of a publisher's site."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from loopback import faulty_site, serving

import klue_helpers as kh
from klue_helpers.data import CATALOGUE, download
from klue_helpers.data.catalogue import PublishedFile

BODY = ("Q,A,label\n" + "".join(f"질문 {n}?,답 {n}.,{n % 3}\n" for n in range(2000))).encode()
PATH = "/songys/Chatbot_data/ChatbotData.csv"


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A catalogue whose chatbot data is our own small file, and a cache of its own."""
    monkeypatch.setenv("KLUE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    (tmp_path / "original.csv").write_bytes(BODY)
    blob = download.git_blob_id(tmp_path / "original.csv")
    file = PublishedFile("ChatbotData.csv", "train", 2000, download.GITHUB + PATH, blob)
    monkeypatch.setitem(CATALOGUE, "chatbot", replace(CATALOGUE["chatbot"], files=(file,)))
    return file


def load(address: str, monkeypatch) -> list[str]:
    monkeypatch.setenv("KLUE_RAW_URL", address)
    return kh.load_data("chatbot", "hub")["train"]["Q"][:]


def left_in_cache() -> list[str]:
    return sorted(path.name for path in download.cache_dir().rglob("*") if path.is_file() and path.suffix != ".lock")


def test_git_blob_id_is_gits(tmp_path):
    (tmp_path / "file").write_bytes(BODY)
    git = subprocess.run(["git", "hash-object", "--no-filters", "file"], cwd=tmp_path, capture_output=True, text=True)
    assert download.git_blob_id(tmp_path / "file") == git.stdout.strip()


def test_file_is_fetched_once_and_cached(published, monkeypatch):
    site = faulty_site({PATH: BODY}, [])
    with serving(site) as address:
        assert load(address, monkeypatch) == load(address, monkeypatch)
    assert site.requests == [(PATH, None)]
    assert left_in_cache() == ["ChatbotData.csv"]


def test_cut_connections_are_resumed(published, monkeypatch):
    site = faulty_site({PATH: BODY}, [("cut", 10_000), ("cut", 7_000)])
    with serving(site) as address:
        assert len(load(address, monkeypatch)) == 2000
    starts = [int((span or "bytes=0-")[6:-1]) for _, span in site.requests]
    assert len(starts) == 3 and starts[0] == 0 < starts[1] < starts[2]


@pytest.mark.parametrize("faults", [[429], [500, 503], [429, ("cut", 100), 502]])
def test_passing_faults_are_outlasted(published, monkeypatch, faults):
    with serving(faulty_site({PATH: BODY}, faults)) as address:
        assert len(load(address, monkeypatch)) == 2000


@pytest.mark.parametrize(
    ("files", "faults", "message", "requests"),
    [({}, [], "서버 응답 404", 1), ({PATH: BODY}, [500] * 9, "서버 응답 500", 5),
     ({PATH: BODY}, [403], "서버 응답 403", 1)],
)
def test_lasting_faults_are_told(published, monkeypatch, files, faults, message, requests):
    site = faulty_site(files, faults)
    with serving(site) as address, pytest.raises(kh.KlueError, match=message):
        load(address, monkeypatch)
    assert len(site.requests) == requests
    assert left_in_cache() == []


def test_wrong_bytes_are_refused_and_removed(published, monkeypatch):
    with serving(faulty_site({PATH: BODY[:-1] + b"!"}, [])) as address:
        with pytest.raises(kh.KlueError, match="git blob"):
            load(address, monkeypatch)
        assert left_in_cache() == []
    with serving(faulty_site({PATH: BODY}, [])) as address:
        assert len(load(address, monkeypatch)) == 2000


def test_interrupted_download_goes_on_later(published, monkeypatch):
    with serving(faulty_site({PATH: BODY}, [("cut", 9_000)] + [500] * 9)) as address, pytest.raises(kh.KlueError):
        load(address, monkeypatch)
    assert left_in_cache() == ["ChatbotData.csv.part"]
    site = faulty_site({PATH: BODY}, [])
    with serving(site) as address:
        assert len(load(address, monkeypatch)) == 2000
    assert site.requests[0][1] not in (None, "bytes=0-")


def test_a_part_longer_than_the_file_is_fetched_anew(published, monkeypatch):
    folder = download.cache_dir() / "chatbot"
    folder.mkdir(parents=True)
    (folder / "ChatbotData.csv.part").write_bytes(BODY + b"more")
    with serving(faulty_site({PATH: BODY}, [])) as address:
        assert len(load(address, monkeypatch)) == 2000


def test_two_loads_at_once_fetch_one_file(published, monkeypatch):
    site = faulty_site({PATH: BODY}, [])
    with serving(site) as address, ThreadPoolExecutor(2) as pool:
        monkeypatch.setenv("KLUE_RAW_URL", address)
        results = list(pool.map(lambda _: kh.load_data("chatbot", "hub")["train"]["Q"][:], range(2)))
    assert results[0] == results[1] and len(site.requests) == 1


def test_nobody_answers(published, monkeypatch):
    with serving(faulty_site({}, [])) as address:
        pass  # the port is free again
    with pytest.raises(kh.KlueError, match="연결 오류"):
        load(address, monkeypatch)
