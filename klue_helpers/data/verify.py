"""Checking a folder of published files against the catalogue (behind ``klue data verify``, taught nowhere)."""

from dataclasses import dataclass
from pathlib import Path

from klue_helpers.data.catalogue import CATALOGUE, DataSet
from klue_helpers.data.download import git_blob_id
from klue_helpers.data.published import read_published
from klue_helpers.errors import KlueError
from klue_helpers.files import LOCK


@dataclass(frozen=True)
class Finding:
    """What was found of one published file, or of a file that the catalogue does not know.

    Attributes
    ----------
    path : below the data folder.
    status : ``"good"``, ``"bad"`` or ``"unknown"``.
    detail : in Korean: what was compared and what is wrong.
    """

    path: str
    status: str
    detail: str


def verify(folder: Path) -> list[Finding]:
    """Check hash, rows and labels of every published file in the folder; list files that no set knows.

    Raises
    ------
    KlueError : a folder that is not there.
    """
    if not folder.is_dir():
        raise KlueError(f"데이터 폴더가 없습니다: {folder}. 있는 폴더를 주세요.")
    findings = [finding for data in CATALOGUE.values() for finding in _verify_set(data, folder / data.folder)]
    known = {finding.path for finding in findings}
    others = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")
                    if path.is_file() and path.name != LOCK)
    return findings + [Finding(path, "unknown", "카탈로그에 없는 파일입니다") for path in others if path not in known]


def _verify_set(data: DataSet, folder: Path) -> list[Finding]:
    findings = []
    for split in data.splits if data.files else ():
        paths = [folder / file.path for file in data.published(split)]
        present = [path for path in paths if path.is_file()]
        whole = len(present) == len(paths)
        problem = _rows_problem(data, folder, split) if whole else ""
        read = "행 수와 레이블이 맞습니다" if whole else "짝이 되는 파일이 없어 행과 레이블은 읽지 못했습니다"
        for file, path in zip(data.published(split), paths, strict=True):
            if path.is_file():
                detail = " / ".join(filter(None, (_hash_problem(path, file.blob), problem)))
                findings.append(Finding(f"{data.folder}/{file.path}", "bad" if detail else "good", detail or read))
    return findings


def _hash_problem(path: Path, blob: str) -> str:
    try:
        found = git_blob_id(path)
    except OSError as error:
        return f"읽지 못했습니다({error.strerror or error})"
    return "" if found == blob else f"git blob {blob}이어야 하는데 {found}입니다"


def _rows_problem(data: DataSet, folder: Path, split: str) -> str:
    try:
        read_published(data, folder, split)
    except KlueError as error:
        return str(error)
    return ""
