"""Write the model card of a shipped model from a template, the model's files and what was measured.

    python benchmarks/model_card.py NAME

The template is ``cards/NAME.md``, in Jinja; ``cards/corpus.md`` is what all have in common. It sees: `name`; `settings`
and `config` (the files' contents); `log` (rows of ``log.csv`` by step and split); `sha256` of each file; `parameters`,
`megabytes`, `minutes` and `speed` (tokens a second) of the training; every section of ``NAME.json``; and the functions
listed in `TOOLS`. What the template names and is not there is an error.
"""

import csv
import hashlib
import json
import math
import re
import sys
from collections import defaultdict
from pathlib import Path

import jinja2
import record
from safetensors import safe_open

HERE = Path(__file__).parent
MODELS = HERE.parent / "klue_helpers" / "models"
REGISTERS = {"reviews": "영화 리뷰", "formal": "격식체", "spoken": "입말"}
SOURCES = {
    "nsmc": "NSMC 학습 리뷰", "nsmc_unlabelled": "NSMC의 나머지 리뷰(레이블 없음)",
    "hf_course_ko": "허깅페이스 강의 번역",
    "korean_law": "대한민국 법령", "python_docs_ko": "파이썬 문서 번역",
    "pytorch_tutorials_ko": "파이토치 튜토리얼 번역", "react_docs_ko": "리액트 문서 번역",
    "rust_book_ko": "러스트 책 번역", "tensorflow_docs_ko": "텐서플로 문서 번역",
    "chatbot": "챗봇 문답", "intent": "3i4K 학습", "question_pair": "같은 질문 찾기 학습", "korsts": "KorSTS 학습",
}
PUBLIC_DOMAIN = "보호받지 않는 저작물(저작권법 제7조)"
REASONS = {"evaluation": "평가 행과 같음", "repeated": "이미 나온 줄", "slurs": "욕설, 성적 모욕, 비하 표현",
           "empty": "글자와 숫자가 없음"}
SPLITS = {
    "korsts/test": "KorSTS 평가", "question_pair/test": "같은 질문 찾기 평가", "intent/test": "3i4K 평가",
    "sarcasm/test": "풍자 평가", "ynat/validation": "KLUE YNAT 검증", "re/validation": "KLUE RE 검증",
    "mrc/validation": "KLUE MRC 검증", "wos/validation": "KLUE WoS 검증",
    "pos/test": "UD Kaist 평가(CoNLL-U 파일. 같은 말뭉치의 문장 모음과는 대조했습니다)",
}


def render(name: str) -> str:
    """Return the text of a model's card."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "cards"), undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    facts = {**TOOLS, **from_files(MODELS / name), **record.read(HERE / f"{name}.json")}
    return environment.get_template(f"{name}.md").render(name=name, **facts)


def from_files(folder: Path) -> dict[str, object]:
    """Return what the files of a shipped model tell."""
    settings, config = (json.loads((folder / one).read_text(encoding="utf-8"))
                        for one in ("settings.json", "config.json"))
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    log: dict[int, dict[str, dict[str, float]]] = defaultdict(dict)
    for row in rows:
        split = row.pop("split")
        log[int(row["step"])][split] = {column: float(value) for column, value in row.items()}
    seconds = float(rows[-1]["seconds"])
    weights = folder / "model.safetensors"
    return {"settings": settings, "config": config, "log": dict(log), "parameters": count_parameters(weights),
            "megabytes": weights.stat().st_size / 1e6, "minutes": seconds / 60,
            "speed": float(rows[-1]["tokens"]) / seconds,
            "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
                       if path.name != "README.md"}}


def count_parameters(weights: Path) -> int:
    with safe_open(weights, "pt") as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    head, *body = ("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|" for cells in (header, *rows))
    return "\n".join([head, "|" + "---|" * len(header), *body])


def number(value: float, digits: int = 0) -> str:
    """Return a number with its thousands marked."""
    return f"{value:,.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage, without the sign."""
    return f"{100 * share:.{digits}f}"


def interval(bounds: list[float], digits: int = 3, scale: float = 1) -> str:
    """Return an interval as low~high."""
    return "~".join(f"{scale * bound:.{digits}f}" for bound in bounds)


def marked(texts: list[str], one: str) -> str:
    """Return texts in a row, one of them in bold."""
    return ", ".join(f"**{text}**" if text == one else text for text in texts)


def plain(text: str) -> str:
    """Return a text as it is, for the cell of a table: nothing in it is Markdown, a line break becomes ⏎."""
    return re.sub(r"([\\`*_<>\[\]|~#&])", r"\\\1", text).replace("\n", " ⏎ ")


def find(rows: list[dict], **wanted: object) -> dict:
    """Return the only row with these values."""
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows with {wanted}")
    return found[0]


def score(row: dict, digits: int = 3) -> str:
    """Return a score: mean ± standard deviation of its seeds, or the value of the only seed with its interval."""
    if row["seeds"] > 1:
        return f"{row['mean']:.{digits}f} ± {row['sd']:.{digits}f}"
    return f"{row['mean']:.{digits + 1}f} ({interval(row['interval'], digits)}, 시드 하나)"


def score_table(scores: list[dict], task: str, sizes: dict[int, str], systems: dict[str, str]) -> str:
    """Return the scores of a task, a row a system and a column a number of training examples."""
    rows = [[title, *(score(find(scores, task=task, train=size, system=system)) for size in sizes)]
            for system, title in systems.items()]
    return table(["모델", *sizes.values()], rows)


def pivot_table(rows: list[dict], title: str, systems: dict[str, str], value: str, digits: int = 2) -> str:
    """Return one value of every system, a row a system and a column a register."""
    body = [[shown, *(number(find(rows, system=system, register=register)[value], digits) for register in REGISTERS)]
            for system, shown in systems.items()]
    return table([title, *REGISTERS.values()], body)


def log_table(log: dict, steps: list[int], loss: str = "loss", accuracy: str = "accuracy") -> str:
    """Return the held-out loss and accuracy at some steps, a column a register."""
    rows = [[number(step), number(log[step]["train"]["tokens"]),
             *(f"{log[step][name][loss]:.2f} / {percent(log[step][name][accuracy])} %" for name in REGISTERS)]
            for step in steps]
    return table(["단계", "토큰", *(f"{title} 손실 / 정확도" for title in REGISTERS.values())], rows)


def files_table(sha256: dict[str, str], names: list[str]) -> str:
    return table(["파일", "sha256"], [[f"`{name}`", f"`{sha256[name]}`"] for name in names])


def sources_table(sources: list[dict]) -> str:
    """Return a row a source of the corpus and a row a register."""
    rows = [[REGISTERS[row["register"]], SOURCES[row["source"]], number(row["lines"]), number(row["characters"]),
             PUBLIC_DOMAIN if row["licence"] == "public domain" else row["licence"], f"{percent(row['share'])} %"]
            for row in sources]
    for register in dict.fromkeys(row["register"] for row in sources):
        lines, characters, share = (sum(row[column] for row in sources if row["register"] == register)
                                    for column in ("lines", "characters", "share"))
        rows.append([f"**{REGISTERS[register]} 합**", "", number(lines), number(characters), "",
                     f"**{percent(share)} %**"])
    return table(["문체", "글", "줄", "글자", "라이선스", "몫"], rows)


def left_out_table(left_out: dict[str, int]) -> str:
    return table(["까닭", "줄"], [[REASONS[reason], number(left_out[reason])] for reason in REASONS])


def missing_splits(missing: list[str]) -> str:
    """Return the evaluation splits that were not at hand."""
    return ", ".join(SPLITS[name] for name in missing)


TOOLS = {"registers": REGISTERS} | {tool.__name__: tool for tool in (
    table, number, percent, interval, marked, plain, find, score, score_table, pivot_table, log_table, files_table,
    sources_table, left_out_table, missing_splits)}


def main(name: str) -> None:
    (MODELS / name / "README.md").write_text(render(name), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
