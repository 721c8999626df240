"""The `klue` command, its options and its mistakes (operations, taught nowhere).

Everything heavy is imported inside the command that needs it, so that help and mistakes answer at once.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from klue_helpers.course.kernel import CELL_LIMIT
from klue_helpers.course.parser import Parser, count, whole
from klue_helpers.errors import KlueError, explain_os_error

if TYPE_CHECKING:
    from klue_helpers.course.run import Options

FAILED, USAGE, INTERRUPTED, PIPE = 1, 2, 130, 141
_FOLDER = {"metavar": "폴더", "help": "내려받은 원본 데이터가 든 폴더(source=local)"}
_LECTURES = "강의 번호(2), 범위(2-4) 또는 이름. 비우면 모든 강의"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0: done; 1: a lecture, a check or the site failed; 2: a mistake of the user's, or a file or disk that does not do;
    130: interrupted; 141: whoever read the output has gone, as at the end of ``klue data list | head``.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _speak_utf8()
    try:
        status = _dispatch(words)
        if sys.stdout:
            sys.stdout.flush()  # what cannot be written is told here, not by Python when it ends
        return status
    except KlueError as error:
        return _stop(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("klue_helpers"):
            raise  # ours: a defect, not something that is not installed
        return _stop(f"필요한 패키지가 없습니다: {error.name}. `make env`를 하거나 프로젝트 폴더에서 "
                     "`pip install -e '.[all]'`로 설치하세요.")
    except BrokenPipeError:
        return _stop("", PIPE)
    except OSError as error:
        if os.environ.get("KLUE_DEBUG"):
            raise
        return _stop(explain_os_error(error))
    except KeyboardInterrupt:
        resumes = words[:1] in (["pretrain"], ["train"])
        again = "같은 명령을 다시 하면 이어서 합니다." if resumes else "하던 일을 모두 멈췄습니다."
        return _stop(f"중단했습니다. {again}", INTERRUPTED)


def _stop(message: str, status: int = USAGE) -> int:
    """Tell why the command ends and return its status. Output that nobody can take any more is dropped in silence."""
    with suppress(OSError):  # a closed terminal
        if message:
            print(f"klue: {message}", file=sys.stderr, flush=True)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:  # Python flushes again when it ends, and would complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if words[0] == "--version":
        from klue_helpers import __version__

        print(__version__)
        return 0
    if words[0] not in COMMANDS:
        raise KlueError(f"모르는 명령입니다: {words[0]!r}. 쓸 수 있는 명령: {', '.join(COMMANDS)}. "
                        "쓰는 법: `klue --help`")
    summary, add_options, action = COMMANDS[words[0]]
    parser = Parser(f"klue {words[0]}", f"{summary}.")
    add_options(parser)
    if {"-h", "--help"} & set(words[1:]):
        parser.print_help()
        return 0
    arguments = parser.parse_args(words[1:])
    with _kills_as_interrupts():
        return action(arguments)


def _overview() -> str:
    lines = [f"  {name:<10}{summary}" for name, (summary, _, _) in COMMANDS.items()]
    return "\n".join([
        "사용법: klue 명령 [강의 …] [옵션 …]", "",
        "한국어 자연어 처리 강의를 실행하고 검사하고 사이트로 만듭니다.", "",
        "명령:", *lines, "",
        "옵션:", "  -h, --help  이 도움말을 보여 줍니다", "  --version   판 번호를 보여 줍니다", "",
        "명령마다 자세한 설명: klue 명령 --help", "예: klue run 2 --set vocab_size=4000",
    ])


def _add_lectures(parser: Parser) -> None:
    parser.arguments.add_argument("lectures", nargs="*", metavar="강의", help=_LECTURES)


def _add_workers(parser: Parser) -> None:
    parser.options.add_argument("--jobs", type=count, default=2, metavar="수", help="동시에 실행할 강의 수(기본 2)")
    parser.options.add_argument("--cell-limit", type=count, default=CELL_LIMIT, metavar="초",
                                help=f"셀 하나가 쓸 수 있는 시간(기본 {CELL_LIMIT}초)")
    parser.options.add_argument("--force", action="store_true", help="바뀐 것이 없어도 다시 합니다")


def _add_profile(parser: Parser) -> None:
    parser.options.add_argument("--profile", default="cpu", metavar="프로필", help="cpu 또는 gpu(기본 cpu)")


def _run_options(parser: Parser) -> None:
    _add_lectures(parser)
    _add_profile(parser)
    parser.options.add_argument("--set", action="append", default=[], metavar="이름=값", dest="overrides",
                                help="설정 하나를 바꿉니다. 여러 번 쓸 수 있습니다")
    parser.options.add_argument("--data-dir", **_FOLDER)
    parser.options.add_argument("--seed", type=whole, default=42, metavar="수", help="난수 시드(기본 42)")
    _add_workers(parser)


def _check_options(parser: Parser) -> None:
    _add_lectures(parser)
    _add_workers(parser)


def _site_options(parser: Parser) -> None:
    _add_profile(parser)
    parser.options.add_argument("--force", action="store_true", help="바뀐 것이 없어도 다시 만듭니다")


def _book_options(parser: Parser) -> None:
    _add_workers(parser)


def _tidy_options(parser: Parser) -> None:
    _add_lectures(parser)
    parser.options.add_argument("--check", action="store_true", help="실행하지 않고 형식만 검사합니다")
    _add_workers(parser)


def _doctor_options(parser: Parser) -> None:
    del parser  # no options of its own


def _data_options(parser: Parser) -> None:
    parser.arguments.add_argument("action", metavar="동작", help="list, show, fetch, verify 가운데 하나")
    parser.arguments.add_argument("target", nargs="?", metavar="대상", help="데이터 이름, verify에는 폴더")


def _pretrain_options(parser: Parser) -> None:
    parser.arguments.add_argument("what", metavar="무엇", help="corpus(원본에서 말뭉치 만들기), bert, gpt 가운데 하나")
    parser.arguments.add_argument("folder", metavar="폴더", help="corpus는 원본 데이터 폴더, bert와 gpt는 말뭉치 폴더")
    parser.options.add_argument("--output", required=True, metavar="폴더",
                                help="결과를 둘 폴더. 멈춘 학습이 있으면 이어서 합니다")
    parser.options.add_argument("--set", action="append", default=[], metavar="이름=값", dest="overrides",
                                help="학습 설정 하나를 바꿉니다. 여러 번 쓸 수 있습니다")
    _add_profile(parser)


def _score_options(parser: Parser) -> None:
    parser.arguments.add_argument("task", metavar="과제", help="ynat, sts, nli, ner, re, dp, mrc, wos, nsmc 등")
    parser.arguments.add_argument("gold", metavar="정답", help="정답 파일. 한 줄에 문제 하나씩 JSON으로 씁니다")
    parser.arguments.add_argument("predicted", metavar="예측", help="예측 파일. 정답 파일과 같은 줄이 같은 문제입니다")


def _train_options(parser: Parser) -> None:
    parser.arguments.add_argument("task", metavar="과제", help="ynat, sts, nli, nsmc 같은 과제의 이름")
    parser.options.add_argument("--encoder", default="klue-mini-bert", metavar="모델",
                                help="미세 조정할 모델의 이름이나 폴더(기본 klue-mini-bert)")
    _add_rows(parser)
    parser.options.add_argument("--output", metavar="폴더",
                                help="결과를 둘 폴더(기본 _build/train/과제). 멈춘 학습이 있으면 이어서 합니다")
    parser.options.add_argument("--seed", type=whole, default=42, metavar="수", help="첫 난수 시드(기본 42)")
    parser.options.add_argument("--seeds", type=count, default=1, metavar="수", help="시드의 수(기본 1)")
    parser.options.add_argument("--folds", type=count, default=1, metavar="수",
                                help="2 이상이면 한 분할을 이만큼으로 나누어 교차 학습합니다")
    parser.options.add_argument("--adapter", type=count, nargs="?", const=16, default=0, metavar="계수",
                                help="인코더를 얼리고 LoRA(계수를 비우면 16)와 머리만 학습합니다")
    parser.options.add_argument("--set", action="append", default=[], metavar="이름=값", dest="overrides",
                                help="학습이나 과제의 설정 하나를 바꿉니다. 여러 번 쓸 수 있습니다")
    _add_profile(parser)


def _evaluate_options(parser: Parser) -> None:
    parser.arguments.add_argument("model", metavar="모델", help="klue train의 --output 폴더")
    _add_rows(parser)
    parser.options.add_argument("--file", metavar="파일", help="레이블이 있는 JSON-lines 파일로 잽니다")
    parser.options.add_argument("--output", metavar="파일", help="예측을 둘 파일")


def _predict_options(parser: Parser) -> None:
    parser.arguments.add_argument("model", metavar="모델",
                                  help="klue train의 --output 폴더나, 학습되어 들어 있는 과제의 이름")
    parser.arguments.add_argument("texts", nargs="*", metavar="글", help="예측할 글. 두 문장 과제는 둘을 차례로 씁니다")
    parser.options.add_argument("--file", metavar="파일", help="한 줄에 한 행인 파일(.jsonl 또는 글)")
    parser.options.add_argument("--output", metavar="파일", help="예측을 둘 파일. 비우면 화면에 씁니다")


def _chat_options(parser: Parser) -> None:
    parser.arguments.add_argument("question", nargs="?", metavar="말", help="한 번만 물을 말. 비우면 이어집니다")
    parser.options.add_argument("--source", metavar="출처", help="sample, local, hub(기본 sample, 폴더를 주면 local)")
    parser.options.add_argument("--data-dir", **_FOLDER)
    parser.options.add_argument("--threshold", default="0.8", metavar="수", help="모른다고 할 점수(0~1, 기본 0.8)")
    parser.options.add_argument("--page", action="store_true", help="브라우저에서 이야기합니다(gradio가 필요합니다)")


def _add_rows(parser: Parser) -> None:
    parser.options.add_argument("--source", default="sample", metavar="출처",
                                help="sample, local, hub 또는 train.jsonl이 든 폴더(기본 sample)")
    parser.options.add_argument("--split", metavar="분할", help="평가할 분할(기본은 마지막, train이면 떼어 둔 5분의 1)")
    parser.options.add_argument("--data-dir", **_FOLDER)


def _run(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.project import find_project
    from klue_helpers.course.run import run_lectures, show

    project = find_project()
    options = _options(arguments)
    outcomes = run_lectures(project, project.select(arguments.lectures), options)
    show(project, options, outcomes)
    return FAILED if any(one.status == "failed" for one in outcomes) else 0


def _options(arguments: argparse.Namespace) -> "Options":
    """Return the run's options; --data-dir becomes the setting data_dir, absolute."""
    from klue_helpers.course.run import Options, with_folder
    from klue_helpers.options import parse_override

    overrides = dict(parse_override(text) for text in arguments.overrides)
    for name in ("profile", "seed"):
        if name in overrides:
            raise KlueError(f"--set으로는 {name} 값을 정할 수 없습니다. --{name} 옵션을 쓰세요.")
    overrides = tuple(sorted(with_folder(overrides, arguments.data_dir).items()))
    return Options(arguments.profile, arguments.seed, overrides, arguments.jobs, arguments.force, arguments.cell_limit)


def _check(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.check import check_lectures, summary
    from klue_helpers.course.project import find_project

    project = find_project()
    verdicts = check_lectures(project, project.select(arguments.lectures), jobs=arguments.jobs,
                              force=arguments.force, cell_limit=arguments.cell_limit)
    print(summary(verdicts), flush=True)
    return FAILED if any(one.failed for one in verdicts) else 0


def _site(arguments: argparse.Namespace) -> int:
    from klue_helpers.configure import PROFILES
    from klue_helpers.course.project import find_project
    from klue_helpers.course.site import build_site

    if arguments.profile not in PROFILES:
        raise KlueError(f"알 수 없는 프로필입니다: {arguments.profile!r}. {', '.join(PROFILES)} 가운데 하나를 쓰세요.")
    return 0 if build_site(find_project(), arguments.profile, force=arguments.force) else FAILED


def _book(arguments: argparse.Namespace) -> int:
    """Run, check and build, stopping at the first step that fails."""
    shared = vars(arguments) | {"lectures": [], "profile": "cpu", "overrides": [], "data_dir": None, "seed": 42}
    steps = {"실행": _run, "검사": _check, "사이트": _site}
    for number, (name, step) in enumerate(steps.items(), start=1):
        print(f"[{number}/{len(steps)}] {name}", flush=True)
        if status := step(argparse.Namespace(**shared)):
            print(f"klue: {name} 단계에서 멈췄습니다. 위의 문제를 고친 뒤 `klue book`을 다시 하세요.", file=sys.stderr)
            return status
    return 0


def _tidy(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.project import find_project
    from klue_helpers.course.run import Options
    from klue_helpers.course.tidy import check_form, tidy

    project = find_project()
    lectures = project.select(arguments.lectures)
    if arguments.check:
        return 0 if check_form(project, lectures) else FAILED
    options = Options(jobs=arguments.jobs, force=arguments.force, cell_limit=arguments.cell_limit)
    return 0 if tidy(project, lectures, options) else FAILED


def _data(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.data_commands import data_command

    return 0 if data_command(arguments.action, arguments.target) else FAILED


def _pretrain(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.pretrain_command import pretrain_command

    pretrain_command(arguments.what, arguments.folder, arguments.output, profile=arguments.profile,
                     overrides=arguments.overrides)
    return 0


def _score(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.score_command import score_command
    score_command(arguments.task, arguments.gold, arguments.predicted)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.train_commands import train_command
    train_command(arguments)
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.train_commands import evaluate_command
    evaluate_command(arguments)
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.train_commands import predict_command
    predict_command(arguments)
    return 0


def _chat(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.chat_command import chat_command
    options = {"threshold": arguments.threshold, "page": arguments.page}
    return chat_command(arguments.question, arguments.source, arguments.data_dir, **options)


def _doctor(arguments: argparse.Namespace) -> int:
    from klue_helpers.course.doctor import report
    from klue_helpers.course.project import find_project

    try:
        project = find_project()
    except KlueError:
        project = None  # a learner's machine, such as Colab
    return 0 if report(project) else FAILED


COMMANDS: dict[str, tuple[str, Callable[[Parser], None], Callable[[argparse.Namespace], int]]] = {
    "run": ("노트북을 papermill로 실행해 _build/executed에 담습니다", _run_options, _run),
    "check": ("노트북에 저장된 출력이 지금도 그대로 나오는지 nbval로 검사합니다", _check_options, _check),
    "site": ("실행한 노트북으로 _build/html에 사이트를 만듭니다", _site_options, _site),
    "book": ("run, check, site를 차례로 합니다. 이미 된 것은 건너뜁니다", _book_options, _book),
    "tidy": ("노트북을 다시 실행해 새 출력을 표준 형식으로 저장합니다", _tidy_options, _tidy),
    "data": ("데이터 목록을 보고, 원본을 내려받고, 받은 폴더를 검사합니다", _data_options, _data),
    "pretrain": ("글이 든 폴더로 언어 모델을 처음부터 학습합니다", _pretrain_options, _pretrain),
    "score": ("예측 파일을 정답과 견주어 과제의 점수를 JSON으로 냅니다", _score_options, _score),
    "train": ("과제 하나를 미세 조정하고 점수를 냅니다", _train_options, _train),
    "evaluate": ("미세 조정한 모델의 점수를 다시 잽니다", _evaluate_options, _evaluate),
    "predict": ("미세 조정한 모델로 글이나 파일의 답을 예측합니다", _predict_options, _predict),
    "chat": ("챗봇과 이야기합니다. 찾은 질문과 점수를 함께 보여 줍니다", _chat_options, _chat),
    "doctor": ("이 컴퓨터에서 무엇이 되고 안 되는지, 어떻게 고치는지 알려 줍니다", _doctor_options, _doctor),
}


def _speak_utf8() -> None:
    """Force UTF-8 on standard output and error, whatever the terminal says it takes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


@contextmanager
def _kills_as_interrupts() -> Iterator[None]:
    """Make a polite kill and a closed terminal end the children as Ctrl-C does, unless whoever started us forbids it.

    ``nohup`` lets a command outlive its terminal by having the signal ignored.
    """

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
