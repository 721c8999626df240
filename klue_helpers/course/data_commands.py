"""`klue data`: list, show, fetch and verify the data sets of the catalogue (operations, taught nowhere)."""

from collections.abc import Callable
from pathlib import Path

from klue_helpers.course.report import say, table
from klue_helpers.data import CATALOGUE, DataSet, data_set, sample_sizes
from klue_helpers.data.download import fetch
from klue_helpers.data.verify import verify
from klue_helpers.errors import KlueError

STATES = {"good": "정상", "bad": "문제", "unknown": "모름"}


def data_command(action: str, target: str | None) -> bool:
    """Do one of `klue data`'s actions; return whether everything was in order.

    Raises
    ------
    KlueError : an unknown action or data set, a missing argument or folder.
    """
    if action not in ACTIONS:
        raise KlueError(f"모르는 동작입니다: {action!r}. 쓸 수 있는 동작: {', '.join(ACTIONS)}. "
                        "예: klue data show nsmc")
    if action == "list":
        return _list()
    if not target:
        what = "폴더" if action == "verify" else "데이터 이름"
        raise KlueError(f"klue data {action} 뒤에 {what}을 주세요. 데이터 이름은 `klue data list`에 있습니다.")
    return ACTIONS[action](target)


def _list(_: str = "") -> bool:
    rows = [[data.name, data.title, data.task, ", ".join(map(str, data.lectures)), _sample_size(data), data.licence]
            for data in CATALOGUE.values()]
    say(table(["이름", "제목", "과제", "강", "표본", "라이선스"], rows, right=(4,)))
    return True


def _sample_size(data: DataSet) -> str:
    return f"{sum(sample_sizes(data).values()):,}"


def _show(name: str) -> bool:
    data = data_set(name)
    facts = {"제목": data.title, "과제": data.task, "강의": ", ".join(f"{number}강" for number in data.lectures),
             "라이선스": data.licence, "출처": data.homepage or "이 과정의 표본", "인용": data.citation or "-",
             "표본": _sample_size(data)}
    say(table(["항목", "내용"], [[key, value] for key, value in facts.items()]))
    say()
    say(table(["열", "형"], [[name, _kind(feature)] for name, feature in data.features.items()]))
    if data.files:
        say()
        rows = [[file.split, f"{data.folder}/{file.path}", f"{file.rows:,}" if file.rows else "-",
                 file.blob[:10]] for file in data.files]
        say(table(["분할", "파일", "행", "git blob"], rows, right=(2,)))
    return True


def _kind(feature: object) -> str:
    names = getattr(feature, "names", None)
    if names:
        return f"레이블 {len(names)}개: {', '.join(names[:8])}{' …' if len(names) > 8 else ''}"
    inner = getattr(feature, "feature", None)
    if inner is not None:
        return f"목록[{_kind(inner)}]"
    if isinstance(feature, dict):
        return "{" + ", ".join(f"{key}: {_kind(value)}" for key, value in feature.items()) + "}"
    return str(getattr(feature, "dtype", feature))


def _fetch(name: str) -> bool:
    data = data_set(name)
    if not data.files:
        say(f"{data.title}: 이 과정의 표본뿐이라 내려받을 것이 없습니다.")
    else:
        say(f"{data.title}: {fetch(data, data.splits)}")
    return True


def _verify(folder: str) -> bool:
    findings = verify(Path(folder).expanduser())
    say(table(["상태", "파일", "내용"], [[STATES[one.status], one.path, one.detail] for one in findings]))
    counts = {state: sum(one.status == state for one in findings) for state in STATES}
    say(", ".join(f"{STATES[state]} {count}개" for state, count in counts.items()))
    return not counts["bad"]


ACTIONS: dict[str, Callable[[str], bool]] = {"list": _list, "show": _show, "fetch": _fetch, "verify": _verify}
