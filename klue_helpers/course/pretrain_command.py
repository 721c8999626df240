"""`klue pretrain`: build the corpus, train a model, draw its loss (operations)."""

from pathlib import Path

from klue_helpers.configure import PROFILES
from klue_helpers.errors import KlueError
from klue_helpers.options import parse_override


def pretrain_command(what: str, folder: str, output: str, *, profile: str, overrides: list[str]) -> None:
    """Do what the command line asks for. Raises KlueError for a mistake of the user's."""
    from klue_helpers.pretraining.settings import KINDS

    if what not in ("corpus", *KINDS):
        raise KlueError(f"모르는 대상입니다: {what!r}. 쓸 수 있는 값: corpus, {', '.join(KINDS)}.")
    if profile not in PROFILES:
        raise KlueError(f"알 수 없는 프로필입니다: {profile!r}. {', '.join(PROFILES)} 가운데 하나를 쓰세요.")
    if not Path(folder).is_dir():
        raise KlueError(f"폴더가 없습니다: {folder}. 철자를 확인하세요.")
    if Path(output).exists() and not Path(output).is_dir():
        raise KlueError(f"--output은 폴더여야 하는데 파일입니다: {output}.")
    try:
        if what == "corpus":
            _corpus(Path(folder), Path(output), overrides)
        else:
            _model(what, Path(folder), Path(output), profile, dict(parse_override(text) for text in overrides))
    except OSError as error:
        raise KlueError(f"{output}에 쓰지 못했습니다({error.strerror}). 다른 --output을 쓰거나 디스크의 자리를 "
                        "비우세요.") from error


def _corpus(folder: Path, output: Path, overrides: list[str]) -> None:
    from klue_helpers.pretraining.recipe import build_corpus

    if overrides:
        raise KlueError("말뭉치를 만들 때는 --set으로 바꿀 설정이 없습니다.")
    report = build_corpus(folder, output)
    reasons = {"lines": "남긴 줄", "evaluation": "평가 데이터와 같아 뺀 줄", "repeated": "되풀이되어 뺀 줄",
               "slurs": "욕설이 있어 뺀 줄", "empty": "글자가 없어 뺀 줄"}
    for reason, korean in reasons.items():
        print(f"{korean}: {getattr(report, reason).total():,}")
    if report.missing:
        print(f"파일이 없어 대조하지 못한 평가 데이터: {', '.join(report.missing)}. "
              "이것으로 잰 점수는 믿을 수 없습니다.")


def _model(kind: str, folder: Path, output: Path, profile: str, overrides: dict) -> None:
    from klue_helpers import runtime

    runtime.silence()
    from klue_helpers.plots import save_loss_curve
    from klue_helpers.pretraining.run import pretrain
    from klue_helpers.pretraining.settings import pretrain_settings

    settings = pretrain_settings(kind, overrides, profile=profile)
    if pretrain(folder, output, settings):
        save_loss_curve(output / "log.csv", output / "loss.png", column=settings.drawn_loss)
        print(f"모델을 {output}에 저장했습니다.")
