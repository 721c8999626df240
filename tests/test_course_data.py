"""`klue data`: what it lists, shows, fetches and verifies, and what it refuses."""

from dataclasses import replace

import pytest
from loopback import faulty_site, serving

from klue_helpers.cli import main
from klue_helpers.data import CATALOGUE, download
from klue_helpers.data.catalogue import PublishedFile

BODY = "Q,A,label\r\n어디야?,집이에요.,0\r\n보고 싶다,푹 쉬어요.,1\r\n".encode()
PATH = "/songys/Chatbot_data/ChatbotData.csv"


@pytest.fixture
def chatbot(tmp_path, monkeypatch) -> PublishedFile:
    """The catalogue's chatbot data as our own two rows, and a cache of its own."""
    (tmp_path / "original.csv").write_bytes(BODY)
    blob = download.git_blob_id(tmp_path / "original.csv")
    file = PublishedFile("ChatbotData.csv", "train", 2, download.GITHUB + PATH, blob)
    monkeypatch.setitem(CATALOGUE, "chatbot", replace(CATALOGUE["chatbot"], files=(file,)))
    monkeypatch.setenv("KLUE_CACHE_DIR", str(tmp_path / "cache"))
    return file


def test_list_names_every_set(capsys):
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(CATALOGUE)
    assert " 200 " in next(line for line in lines if line.startswith("korsts"))


def test_show_tells_columns_labels_files_and_licence(capsys):
    assert main(["data", "show", "nli"]) == 0
    out = capsys.readouterr().out
    for fact in ("CC BY-SA 4.0", "entailment, neutral, contradiction", "klue-nli-v1.1_dev.json", "3,000", "24,998"):
        assert fact in out


def test_fetch_brings_the_file_into_the_cache(chatbot, monkeypatch, capsys):
    with serving(faulty_site({PATH: BODY}, [])) as address:
        monkeypatch.setenv("KLUE_RAW_URL", address)
        assert main(["data", "fetch", "chatbot"]) == 0
    assert (download.cache_dir() / "chatbot" / "ChatbotData.csv").read_bytes() == BODY
    assert "챗봇 문답" in capsys.readouterr().out


def test_there_is_nothing_to_fetch_of_our_own_corpus(capsys):
    assert main(["data", "fetch", "corpus"]) == 0
    assert "내려받을 것이 없습니다" in capsys.readouterr().out


def test_verify_finds_good_bad_and_unknown_files(chatbot, tmp_path, capsys):
    folder = tmp_path / "data" / "chatbot"
    folder.mkdir(parents=True)
    (folder / "ChatbotData.csv").write_bytes(BODY)
    (folder / "notes.txt").write_text("메모", encoding="utf-8")
    assert main(["data", "verify", str(tmp_path / "data")]) == 0
    assert "정상 1개, 문제 0개, 모름 1개" in capsys.readouterr().out
    (folder / "ChatbotData.csv").write_bytes(BODY.replace(b",1\r\n", b",9\r\n"))
    assert main(["data", "verify", str(tmp_path / "data")]) == 1
    out = capsys.readouterr().out
    assert "git blob" in out and "3행: 레이블" in out and "문제 1개" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data"], "빠진 인자"),
        (["data", "frob"], "list, show, fetch, verify"),
        (["data", "show"], "데이터 이름"),
        (["data", "verify"], "폴더"),
        (["data", "show", "nope"], "쓸 수 있는 이름: ynat"),
        (["data", "verify", "/nowhere/at/all"], "데이터 폴더가 없습니다"),
    ],
)
def test_mistakes_are_one_korean_line_with_status_2(words, message, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.count("\n") == 1 and captured.out == ""
