"""The source hub against a loopback server with the faults of a publisher's site."""

import errno
import gzip
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import faulty_site, serving

import klue_helpers as kh
from klue_helpers.cli import main
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


def html(handler, body, start):
    """What a hotel's network answers to everything."""
    handler.reply(200, "<html>로그인하세요</html>".encode(), Content_Type="text/html; charset=utf-8")


def unlabelled_html(handler, body, start):
    handler.reply(200, "<html>로그인하세요</html>".encode())


def gzipped(handler, body, start):
    """A host that compresses where it may, as GitHub does; ranges count compressed bytes."""
    if "gzip" in handler.headers.get("Accept-Encoding", ""):
        packed = gzip.compress(body)[start:]
        return handler.hang_up(206 if start else 200, packed, len(packed) // 5, Content_Encoding="gzip")
    return handler.hang_up(206 if start else 200, body[start:], len(body) // 5)


def gzipped_unasked(handler, body, start):
    packed = gzip.compress(body)[start:]
    handler.reply(206 if start else 200, packed, Content_Encoding="gzip")


def gzipped_unasked_and_cut(handler, body, start):
    packed = gzip.compress(body)[start:]
    handler.hang_up(206 if start else 200, packed, len(packed) // 2, Content_Encoding="gzip")


def other_range(handler, body, start):
    """A proxy that answers with a range of its own."""
    begin = start + 5 if start else 0
    handler.reply(206, body[begin:], Content_Range=f"bytes {begin}-{len(body) - 1}/{len(body)}")


def whole_file_again(handler, body, start):
    """A host that knows no ranges."""
    handler.reply(200, body)


def never_satisfied(handler, body, start):
    handler.reply(416)


@pytest.mark.parametrize("faults", [
    [gzipped], [gzipped] * 4, [gzipped_unasked], [("cut", 9_000), gzipped_unasked],
    [gzipped_unasked_and_cut, gzipped_unasked_and_cut], [("cut", 9_000), gzipped_unasked_and_cut],
    [("cut", 9_000), other_range], [other_range], [("cut", 9_000), whole_file_again], [("cut", 9_000), never_satisfied],
], ids=lambda faults: "-".join(getattr(fault, "__name__", "cut") for fault in faults))
def test_odd_answers_end_in_the_right_bytes(published, monkeypatch, faults):
    with serving(faulty_site({PATH: BODY}, list(faults))) as address:
        assert len(load(address, monkeypatch)) == 2000
    assert (download.cache_dir() / "chatbot" / "ChatbotData.csv").read_bytes() == BODY


def test_a_download_from_a_host_that_compresses_is_resumed_too(published, monkeypatch):
    site = faulty_site({PATH: BODY}, [gzipped] * 4)
    with serving(site) as address:
        assert len(load(address, monkeypatch)) == 2000
    assert [span is None for _, span in site.requests] == [True, False, False, False, False]


@pytest.mark.parametrize(("fault", "message"), [
    (html, "웹 페이지"), (unlabelled_html, "git blob"), (never_satisfied, "서버 응답 416"), (401, "서버 응답 401"),
    (404, "서버 응답 404"), (429, "서버 응답 429"), (500, "서버 응답 500"), (204, "서버 응답 204"),
    (gzipped_unasked_and_cut, "연결 오류"), (("cut", 0), "연결 오류"),
], ids=lambda value: getattr(value, "__name__", None))
def test_every_lasting_fault_is_one_line_keeps_nothing_and_passes(published, monkeypatch, capsys, fault, message):
    with serving(faulty_site({PATH: BODY}, [fault] * 99)) as address:
        monkeypatch.setenv("KLUE_RAW_URL", address)
        assert main(["data", "fetch", "chatbot"]) == 2
    err = [line for line in capsys.readouterr().err.splitlines() if "klue:" in line]
    assert len(err) == 1 and message in err[0] and err[0].endswith(("두세요.", "정하세요."))
    assert [name for name in left_in_cache() if (download.cache_dir() / "chatbot" / name).stat().st_size] == []
    with serving(faulty_site({PATH: BODY}, [])) as address:
        assert len(load(address, monkeypatch)) == 2000


def test_a_damaged_file_in_the_cache_is_fetched_anew(published, monkeypatch):
    cached = download.cache_dir() / "chatbot" / "ChatbotData.csv"
    with serving(faulty_site({PATH: BODY}, [])) as address:
        load(address, monkeypatch)
        cached.write_bytes(BODY[:-1])
        assert len(load(address, monkeypatch)) == 2000
    cached.write_bytes(b"damaged")
    with pytest.raises(kh.KlueError, match="연결 오류"):
        load(address, monkeypatch)


def full_disk(monkeypatch, folder):
    """Let only a little more be written."""
    def refuse(answer, part, start, total):
        part.write_bytes(BODY[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "_append", refuse)


def file_for_cache(monkeypatch, folder):
    folder.write_text("파일", encoding="utf-8")


def file_for_folder(monkeypatch, folder):
    folder.mkdir()
    (folder / "chatbot").write_text("파일", encoding="utf-8")


def folder_for_file(monkeypatch, folder):
    (folder / "chatbot" / "ChatbotData.csv.part").mkdir(parents=True)


def unwritable(monkeypatch, folder):
    folder.mkdir()
    folder.chmod(0o500)
    if os.geteuid() == 0:  # nothing is unwritable for root
        monkeypatch.setattr(Path, "mkdir", lambda *a, **k: (_ for _ in ()).throw(PermissionError(13, "거절")))


@pytest.mark.parametrize("spoil", [full_disk, file_for_cache, file_for_folder, folder_for_file, unwritable])
def test_a_cache_that_cannot_be_written_is_told_with_the_way_out(published, monkeypatch, tmp_path, capsys, spoil):
    with serving(faulty_site({PATH: BODY}, [])) as address:
        monkeypatch.setenv("KLUE_RAW_URL", address)
        with monkeypatch.context() as patch:
            spoil(patch, download.cache_dir())
            assert main(["data", "fetch", "chatbot"]) == 2
        err = [line for line in capsys.readouterr().err.splitlines() if "klue:" in line]
        assert len(err) == 1 and err[0].endswith("환경 변수 KLUE_CACHE_DIR로 다른 폴더를 정하세요.")
        assert not [path for path in download.cache_dir().rglob("*.part") if path.is_file()]
        monkeypatch.setenv("KLUE_CACHE_DIR", str(tmp_path / "다른 폴더"))
        assert len(load(address, monkeypatch)) == 2000


def test_without_a_home_the_way_out_is_told(monkeypatch):
    for name in ("KLUE_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def refuse(cls):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(refuse))
    with pytest.raises(kh.KlueError, match="KLUE_CACHE_DIR"):
        download.cache_dir()


def test_an_address_that_is_none_is_not_tried_again(published, monkeypatch):
    monkeypatch.setattr(download, "PAUSE_S", 60.0)
    with pytest.raises(kh.KlueError, match="잘못된 주소"):
        load("htp:/nowhere", monkeypatch)


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
