"""Published files with one thing broken: a reader gives rows of the right types or a KlueError that names the file.

Each example starts from a valid file made from our samples (`published_files`).
"""

import gzip
import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_files import WRITERS, sample_rows, split_text

from klue_helpers.cli import main
from klue_helpers.data import CATALOGUE, load_data, readers
from klue_helpers.data.published import read_published
from klue_helpers.errors import KlueError

JSON_SETS = ("ynat", "sts", "nli", "re", "mrc", "wos", "korquad")
# What the wild puts into a text: quotes, a NUL, line ends of other systems, marks, half a pair, what looks like markup.
SCRAPS = ['"', '""', "\0", "\r", "\n", "\n\n", "\t", ",", "\u2028", "\u0085", "\ufeff", "\u200b", "#", "## ", "-",
          "99", "\\", "\\ud800", "[", "}", "null", "가", "😀", "\x1a"]
VALUES = [None, True, False, 0, -1, 7, 2**31, 10**400, 1.5, float("nan"), float("inf"), "", "가", "\ud800", "0", [],
          [1], [[]], {}, {"text": 1}, {"data": 0}]


@cache
def valid(name: str) -> tuple[str, ...]:
    """The texts of the valid files of a set's training split."""
    return tuple(split_text(name, "train", sample_rows(name, "train", 3)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def read(name: str, folder: Path, contents: list[bytes]):
    """Return the rows of a set's training split with these contents of its files, or the message of a KlueError."""
    files = CATALOGUE[name].published("train")
    data = replace(CATALOGUE[name], files=tuple(replace(file, rows=None) for file in files))
    for file, content in zip(files, contents, strict=True):
        path = folder / name / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        rows = read_published(data, folder / name, "train")
    except KlueError as error:
        assert any(Path(file.path).name in str(error) for file in files) and len(str(error)) < 700
        return str(error)
    assert rows.features == data.features and rows.to_list() is not None
    return rows


def broken_text(draw, text: str) -> bytes:
    start = draw(st.integers(0, len(text)))
    if draw(st.booleans()):
        return (text[:start] + draw(st.sampled_from(SCRAPS)) + text[start + draw(st.integers(0, 3)) :]).encode()
    end = start + draw(st.sampled_from([1, 2, 10, 100, len(text)]))
    return (text[:start] + text[end:]).encode()


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=40)
@given(data=st.data())
def test_one_place_of_the_text_broken(folder, name, data):
    contents = [text.encode() for text in valid(name)]
    which = data.draw(st.integers(0, len(contents) - 1))
    contents[which] = broken_text(data.draw, valid(name)[which])
    read(name, folder, contents)


def places(value, path=()):
    """Yield the path of every value inside a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*path, key))


def with_change(value, path, change):
    """Return a copy of a JSON value with the value at the path changed; None stands for its removal."""
    if not path:
        return change[0] if change else {}
    copy = value.copy()
    if len(path) == 1 and not change:
        del copy[path[0]]
    else:
        copy[path[0]] = with_change(value[path[0]], path[1:], change)
    return copy


@pytest.mark.parametrize("name", JSON_SETS)
@settings(max_examples=60)
@given(data=st.data())
def test_one_value_of_the_json_broken(folder, name, data):
    (text,) = valid(name)
    content = json.loads(text)
    path = data.draw(st.sampled_from(list(places(content))))
    change = data.draw(st.sampled_from([None, *VALUES]))
    changed = with_change(content, path, () if change is None and data.draw(st.booleans()) else (change,))
    read(name, folder, [json.dumps(changed).encode()])


@pytest.mark.parametrize("name", WRITERS)
def test_valid_files_are_read_whatever_mark_and_line_end_they_have(folder, name):
    plain = read(name, folder, [text.removeprefix("\ufeff").replace("\r\n", "\n").encode() for text in valid(name)])
    assert len(plain) == 3
    for change in (lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"),
                   lambda text: text.rstrip("\n") if name not in ("ner", "dp", "pos") else text.rstrip("\n") + "\n"):
        contents = [change(text.removeprefix("\ufeff").replace("\r\n", "\n")).encode() for text in valid(name)]
        assert read(name, folder, contents).to_list() == plain.to_list()


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("change", "message"), [
    (lambda text: text.encode("cp949", errors="replace"), "cp949"), (lambda text: text.encode("utf-16"), "UTF-16"),
    (lambda text: text.encode()[:-40] + b"\0" * 40, "NUL"), (lambda text: b"\0" * 500, "NUL"),
    (lambda text: text.encode()[:200] + "가".encode()[:2] + text.encode()[200:], "UTF-8로 읽을 수 없는"),
    (lambda text: b"<!DOCTYPE html><html>\xeb\xa1\x9c\xea\xb7\xb8\xec\x9d\xb8</html>", ""),
], ids=["cp949", "utf-16", "zeros at the end", "zeros", "half a letter", "a web page"])
def test_other_encodings_and_zeros_are_told(folder, name, change, message):
    contents = [text.encode() for text in valid(name)]
    contents[0] = change(valid(name)[0].removeprefix("\ufeff"))
    told = read(name, folder, contents)
    assert isinstance(told, str) and message in told


@pytest.mark.parametrize("name", JSON_SETS)
@pytest.mark.parametrize("content", [b"[1]", b"{}", b"[]", b"null", b'{"data":0}', b'{"data":[0]}', b"[" * 100_000,
                                     b"[" + b"9" * 5_000 + b"]", b'"\\ud800"', b"[NaN]"])
def test_json_of_another_shape_is_told(folder, name, content):
    told = read(name, folder, [content])
    assert isinstance(told, str) or (content == b"[]" and len(told) == 0)


def test_korquad_of_the_second_edition_is_told(folder):
    second = {"version": "KorQuAD_2.0_train", "data": [{"title": "가", "url": "", "context": "<html>가</html>", "qas": [
        {"question": "뭐?", "id": "1", "answer": {"text": "가", "answer_start": 6, "html_answer_text": "가"}}]}]}
    assert "paragraphs 열이 없습니다" in read("korquad", folder, [json.dumps(second).encode()])


def test_a_stray_quotation_mark_before_much_text_is_told(folder):
    """The csv module gives up at a field of 131,072 characters."""
    rows = "".join(f"{number}\t재미있다 {number}\t1\n" for number in range(9_000))
    told = read("nsmc", folder, [f'id\tdocument\tlabel\n0\t"닫지 않은 따옴표\t1\n{rows}'.encode()])
    assert "따옴표가 닫히지 않았" in told


def test_line_separators_inside_a_text_are_kept(folder):
    text = 'id\tdocument\tlabel\n1\t"앞\u2028뒤\u0085끝\x0b\x1c"\t1\n'
    assert read("nsmc", folder, [text.encode()])["document"][:] == ["앞\u2028뒤\u0085끝\x0b\x1c"]
    (title,) = read("hate", folder, ["comments\tcontain_gender_bias\tbias\thate\n글\tFalse\tnone\tnone\n".encode(),
                                     "앞\u2028뒤".encode()])["news_title"]
    assert title == "앞\u2028뒤"


def test_a_sentence_without_its_header_is_not_dropped_silently(folder):
    (text,) = valid("ner")
    first, second, *others = text.split("\n\n")
    headless = second.split("\n", 1)[1]
    assert "'## klue'" in read("ner", folder, ["\n\n".join([first, headless, *others]).encode()])
    assert "'## klue'" in read("ner", folder, ["\n".join([first, second]).encode()])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file_is_told(folder):
    read("ynat", folder, [valid("ynat")[0].encode()])
    path = folder / "ynat" / CATALOGUE["ynat"].published("train")[0].path
    path.chmod(0)
    with pytest.raises(KlueError, match="읽지 못했습니다"):
        read_published(CATALOGUE["ynat"], folder / "ynat", "train")
    path.chmod(0o600)


def test_compressed_texts_are_bounded_and_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "LARGEST_TEXT", 1 << 20)
    path = tmp_path / "text" / "a.txt.gz"
    path.parent.mkdir()
    whole = gzip.compress("첫 문단\n\n둘째 문단\n".encode())
    for content, message in ((gzip.compress(b"a" * (1 << 21)), "풀면 1 MB가 넘는"), (whole[:-5], "압축이 깨져"),
                             (b"plain", "압축이 깨져"), (gzip.compress(b"a\0b"), "NUL"),
                             (gzip.compress("가나".encode("cp949")), "cp949"), (b"", "비어 있")):
        path.write_bytes(content)
        with pytest.raises(KlueError, match=message):
            load_data("corpus", "local", data_dir=tmp_path, splits=["train"])
    path.write_bytes(gzip.compress("\ufeff첫 문단\n".encode()))
    assert load_data("corpus", "local", data_dir=tmp_path)["train"]["text"] == ["첫 문단"]


def test_verify_goes_on_behind_broken_files(tmp_path, capsys):
    broken = {"nli": b"[1]", "korquad": b'{"data": [{"title": "a"}]}', "nsmc": b"\xff\xfe"}
    for name in ("nli", "korquad", "nsmc", "chatbot"):
        path = tmp_path / CATALOGUE[name].folder / CATALOGUE[name].published("train")[0].path
        path.parent.mkdir(parents=True)
        path.write_bytes(broken.get(name, valid(name)[0].encode()))
    assert main(["data", "verify", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "문제 4개" in out and "1번째 항목: 객체({…})이어야 하는데 1입니다" in out
    assert "11,823행이어야 하는데 3행" in out and "paragraphs 열이 없습니다" in out and "UTF-16" in out
