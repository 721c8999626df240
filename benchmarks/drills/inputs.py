"""Drills on what reads or computes: odd inputs, each of which must give a value or a KlueError."""

import contextlib
import copy
import io
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from published_files import WRITERS, sample_rows, split_text
from tally import Tally
from test_damaged_files import SCRAPS, VALUES, places, with_change

import klue_helpers as kh
from klue_helpers import noising, text, tokenizers
from klue_helpers.course.score_command import score_command
from klue_helpers.data import CATALOGUE
from klue_helpers.data.published import read_published
from klue_helpers.options import parse_override
from klue_helpers.tasks import TASKS, load_task
from klue_helpers.training import read_rows
from klue_helpers.training.rows import check_rows

WILD = ["", " ", "\0", "\x01", "\ufeff", "\u2028", "\u0085", "\ud800", "\udc00", "ㅋ" * 1000, "\u1100" * 1000,
        "가" * 20_000, "a" * 20_000, "a@" * 5000, "http://" * 3000, "<" * 10_000, "&#" * 5000, "각", "😀" * 100,
        "\u200b" * 100, "ᄀ", "힣" * 50 + ".", "." * 10_000, "\r\n" * 100, "한글 English 漢字 123"]
RATES = [0.0, 0.3, 1.0, -0.1, 1.1, float("nan"), float("inf"), 1e-300, 10**400]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def broken_json(value: Any, rng: random.Random) -> bytes:
    """Return a JSON text with one value replaced, left out, or one place of the text spoilt."""
    if rng.random() < 0.7:
        path = rng.choice(list(places(value)))
        return json.dumps(with_change(value, path, () if rng.random() < 0.3 else (rng.choice(VALUES),))).encode()
    return broken_text(json.dumps(value, ensure_ascii=False), rng)


def broken_text(content: str, rng: random.Random) -> bytes:
    """Return a text with one place spoilt or cut, in one of the encodings that Korean files come in."""
    start = rng.randint(0, len(content))
    content = content[:start] + rng.choice([*SCRAPS, ""]) + content[start + rng.choice([0, 1, 5, 100]):]
    return content.encode(rng.choice(["utf-8"] * 6 + ["cp949", "utf-16"]), errors="replace")


def wild(rng: random.Random) -> str:
    """Return a text from the wild, or two of them side by side."""
    return rng.choice(WILD) + rng.choice(["", "", "한국어 문장입니다. ", rng.choice(WILD)])


def read_files(tally: Tally, times: int, rng: random.Random) -> None:
    """Published files with one thing broken, through every reader."""
    with folder() as root:
        for _ in range(times):
            name = rng.choice(list(WRITERS))
            contents = [content.encode() for content in _valid(name)]
            which = rng.randrange(len(contents))
            whole = _valid(name)[which]
            contents[which] = broken_json(json.loads(whole), rng) if whole[:1] in "[{" else broken_text(whole, rng)
            tally.judge(lambda name=name, contents=contents: _read(name, root, contents), (name, contents[which][:80]))


@cache
def _valid(name: str) -> tuple[str, ...]:
    return tuple(split_text(name, "train", sample_rows(name, "train", 3)))


def _read(name: str, root: Path, contents: list[bytes]) -> None:
    files = CATALOGUE[name].published("train")
    for file, content in zip(files, contents, strict=True):
        path = root / name / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    read_published(replace(CATALOGUE[name], files=tuple(replace(file, rows=None) for file in files)), root / name,
                   "train").to_list()


def read_own_rows(tally: Tally, times: int, rng: random.Random) -> None:
    """Rows of the user's own, as `klue evaluate --file` reads them."""
    with folder() as root:
        for _ in range(times):
            task = load_task(rng.choice(list(TASKS)))
            content = broken_json(_row(task.name), rng)
            (root / "rows.jsonl").write_bytes(content)
            tally.judge(lambda task=task: [task.gold(row) for row in read_rows(task, root / "rows.jsonl")],
                        (task.name, content[:80]))


@cache
def _row(name: str) -> dict[str, Any]:
    task = load_task(name)
    return check_rows(task, [kh.load_data(task.data, splits=["train"])["train"][0]], name)[0]


def score_files(tally: Tally, times: int, rng: random.Random) -> None:
    """Gold and prediction files, of which one is broken."""
    with folder() as root, contextlib.redirect_stdout(io.StringIO()):
        for _ in range(times):
            task = load_task(rng.choice(list(TASKS)))
            gold = json.loads(json.dumps(task.gold(_row(task.name)), ensure_ascii=False))
            lines = [json.dumps(gold, ensure_ascii=False).encode(), broken_json(gold, rng)]
            rng.shuffle(lines)
            (root / "gold.jsonl").write_bytes(lines[0] + b"\n")
            (root / "guess.jsonl").write_bytes(lines[1] + b"\n")
            tally.judge(lambda task=task: score_command(task.name, str(root / "gold.jsonl"),
                                                        str(root / "guess.jsonl")), (task.name, lines))


def clean_texts(tally: Tally, times: int, rng: random.Random) -> None:
    """Texts from the wild through every function on texts."""
    calls = [text.normalize, text.normalize_with_starts, text.strip_invisible, text.split_jamo, text.join_jamo,
             text.squeeze_repeats, text.strip_html, text.mask_urls, text.mask_emails, text.clean,
             text.split_sentences, text.correct_spacing]
    for _ in range(times):
        call, content = rng.choice(calls), wild(rng)
        tally.judge(lambda call=call, content=content: call(content), (call.__name__, content[:20], len(content)))


def tokenize(tally: Tally, times: int, rng: random.Random) -> None:
    """Texts from the wild through tokenizers, and odd corpora and sizes through their training."""
    trained = {name: tokenizers.load_tokenizer(name) for name in tokenizers.TOKENIZER_NAMES}
    trainers = [tokenizers.train_wordpiece, tokenizers.train_bpe, tokenizers.train_unigram]
    for _ in range(times):
        if rng.random() < 0.7:
            name, content = rng.choice(list(trained)), wild(rng)
            tally.judge(lambda name=name, content=content: trained[name].tokenize(content),
                        (name, content[:20], len(content)))
        else:
            train, corpus = rng.choice(trainers), [wild(rng)[:200] for _ in range(rng.choice([0, 1, 3]))]
            size = rng.choice([0, -1, 1, 10, 500])
            tally.judge(lambda train=train, corpus=corpus, size=size: train(corpus, vocab_size=size),
                        (train.__name__, corpus, size))


def disturb(tally: Tally, times: int, rng: random.Random) -> None:
    """Odd rates and token lists through the functions that spoil texts for training."""
    calls = [noising.mask_tokens, noising.delete_tokens, noising.infill, noising.corrupt_spans]
    for _ in range(times):
        call, words, rate = rng.choice(calls), wild(rng).split()[:50], rng.choice(RATES)
        options = {"mean": rng.choice(RATES)} if call in (noising.infill, noising.corrupt_spans) else {}
        tally.judge(lambda call=call, words=words, rate=rate, options=options: call(words, rate=rate, **options),
                    (call.__name__, words[:3], rate, options))


def set_options(tally: Tally, times: int, rng: random.Random) -> None:
    """Words after --set."""
    parts = ["a", "=", "1", "010", "1:30", ".nan", ".inf", "5e-5", "9" * 5000, "[" * 3000, "{", "'", '"', "!!int x",
             "!!python/object:os.system", "&a", "*a", "2024-99-99", "!!timestamp 9999-99-99", "|", ">", "\ud800", "\0"]
    for _ in range(times):
        word = "".join(rng.choices(parts, k=rng.randint(0, 4)))
        tally.judge(lambda word=word: parse_override("key=" + word if rng.random() < 0.7 else word), word[:60])


class Rude:
    """An answer that raises whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("==")

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __call__(self, *arguments: object, **options: object) -> Any:
        raise SystemExit(3)

    __hash__ = None


def answer(tally: Tally, times: int, rng: random.Random) -> None:
    """Odd answers to every exercise."""
    import importlib

    from klue_helpers.exercises.frame import Exercise

    modules = [importlib.import_module(f"klue_helpers.exercises.lecture{number:02d}") for number in range(1, 11)]
    asked = [one for module in modules for one in vars(module).values() if isinstance(one, Exercise)]
    circle: list[Any] = []
    circle.append(circle)
    odd = [*VALUES, circle, Rude(), lambda *a, **k: circle, lambda *a, **k: 1 / 0, lambda *a, **k: Rude(),
           lambda: None, lambda *a, **k: a, lambda *a, **k: float("nan"), lambda *a, **k: 10**5000, object(), print]
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in range(times):
            exercise, given = rng.choice(asked), rng.choice(odd)
            tally.judge(lambda exercise=exercise, given=given: exercise.feedback(given),
                        (exercise.title, type(given).__name__))


def read_notebooks(tally: Tally, times: int, rng: random.Random) -> None:
    """Notebooks with one thing broken, through everything that needs no execution."""
    from course.toy import notebook

    from klue_helpers.course.lint import lint
    from klue_helpers.course.notebooks import dumps, normal_form, read_notebook, with_outputs
    from klue_helpers.course.project import Lecture, Project

    made = notebook(2, "print('가')")
    made["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["가\n"]}]
    with folder() as root:
        path = root / "02_가.ipynb"

        def go_through() -> None:
            read = read_notebook(path)
            lint(read, Lecture(2, path), Project(root))
            dumps(normal_form(read))
            with_outputs(read, copy.deepcopy(read))

        for _ in range(times):
            path.write_bytes(broken_json(made, rng))
            tally.judge(go_through, path.read_bytes()[:80])


DRILLS: dict[str, Callable[[Tally, int, random.Random], None]] = {
    "readers": read_files, "own rows": read_own_rows, "score": score_files, "texts": clean_texts,
    "tokenizers": tokenize, "noising": disturb, "--set": set_options, "exercises": answer,
    "notebooks": read_notebooks,
}
