"""`klue chat`: what it answers and what it refuses (lecture 9)."""

import io
import sys
from types import SimpleNamespace

import pytest

import klue_helpers as kh
from klue_helpers.chatbot import UNKNOWN
from klue_helpers.cli import main


def test_a_stored_question_gets_its_answer_with_source_and_score(capsys):
    row = kh.load_data("chatbot")["train"][0]
    assert main(["chat", row["Q"]]) == 0
    out = capsys.readouterr().out
    assert row["A"] in out and row["Q"] in out and "찾은 답" in out and "1.00" in out


def test_it_talks_until_the_user_leaves(capsys, monkeypatch):
    row = kh.load_data("chatbot")["train"][1]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{row['Q']}\n\n끝\n{row['Q']}\n"))
    assert main(["chat"]) == 0
    out = capsys.readouterr().out
    assert "끝" in out and out.count(row["A"]) == 1


def test_what_is_far_from_all_questions_is_not_known(capsys):
    assert main(["chat", "ㅁㄴㅇㄹ qwer 1234", "--threshold", "1"]) == 0
    assert UNKNOWN in capsys.readouterr().out


@pytest.mark.parametrize("source", [["--source", "local"], []])
def test_it_answers_from_the_folder_that_is_named(source, capsys, monkeypatch):
    """The folder on the command line counts, not the one of the environment nor the samples."""
    seen = []
    row = kh.load_data("chatbot")["train"][2]
    sample = kh.load_data("chatbot")
    monkeypatch.setattr("klue_helpers.data.load_data",
                        lambda name, source, *, data_dir: seen.append((name, source, data_dir)) or sample)
    assert main(["chat", row["Q"], *source, "--data-dir", "원본"]) == 0
    assert seen == [("chatbot", "local", "원본")] and row["A"] in capsys.readouterr().out


def test_a_page_answers_as_the_terminal_does(monkeypatch):
    opened, row = [], kh.load_data("chatbot")["train"][3]

    class Interface:
        def __init__(self, reply, **options):
            self.reply, self.options = reply, options

        def launch(self, **options):
            opened.append((self, options))

    monkeypatch.setitem(sys.modules, "gradio", SimpleNamespace(ChatInterface=Interface))
    assert main(["chat", "--page"]) == 0
    [(page, options)] = opened
    assert options == {"server_name": "127.0.0.1"} and page.options["analytics_enabled"] is False
    assert row["A"] in page.reply(row["Q"], []) and "물어보세요" in page.reply(" ", [])


def test_a_page_without_gradio_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["chat", "--page"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "pip install gradio" in captured.err


@pytest.mark.parametrize(("words", "message"), [
    (["안녕", "--source", "local", "--data-dir", "없는_폴더"], "없는_폴더"), (["안녕", "--data-dir"], "--data-dir"),
    (["--threshold", "높게"], "--threshold"), (["--threshold", "1.5"], "0과 1 사이"), (["--threshold", "nan"], "nan"),
    ([" "], "빈 말"), (["안녕", "--source", "어딘가"], "어딘가"),
    (["안녕", "반가워"], "반가워"), (["--소리"], "--소리"),
])
def test_wrong_input_gives_one_clear_line(words, message, capsys):
    assert main(["chat", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("klue: ") and captured.err.count("\n") == 1
    assert message in captured.err
