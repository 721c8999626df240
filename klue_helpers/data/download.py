"""Published files from the publishers' repositories: cached, resumed, verified (the source hub; the gpu profile's).

A file gets its name only after its git blob id was found right; until then it lies beside as ``NAME.part``, from where
an interrupted download goes on. What is in the cache is verified again at every use.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from klue_helpers.data.catalogue import DataSet, PublishedFile
from klue_helpers.errors import KlueError
from klue_helpers.files import PART, lock_folder, put_in_place

if TYPE_CHECKING:
    import requests

ATTEMPTS = 5
PAUSE_S = 1.0  # before the second attempt; doubled each time
TIMEOUT_S = (10, 60)  # to connect, between two packets
CHUNK = 1 << 12  # bytes; what a broken connection may lose
HASHED = 1 << 20  # bytes read at a time to hash a file
GITHUB = "https://raw.githubusercontent.com"
OTHER_CACHE = "환경 변수 KLUE_CACHE_DIR로 다른 폴더를 정하세요"


def cache_dir() -> Path:
    """Return the folder of fetched files: KLUE_CACHE_DIR, else ``klue-course`` in the user's cache folder."""
    own, shared = os.environ.get("KLUE_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(own).expanduser() if own else Path(shared or Path.home() / ".cache") / "klue-course"
    except RuntimeError as error:  # no HOME and no entry for the user
        raise KlueError(f"내려받은 파일을 둘 폴더를 정하지 못했습니다(홈 폴더를 모릅니다). {OTHER_CACHE}.") from error


def fetch(data: DataSet, splits: Iterable[str]) -> Path:
    """Fetch the published files of some splits into the cache and return their folder. Raises KlueError."""
    folder = cache_dir() / data.folder
    for split in splits:
        for file in data.published(split):
            fetch_file(file, folder)
    return folder


def fetch_file(file: PublishedFile, folder: Path) -> Path:
    """Fetch one published file unless it is there as published; resume, retry and verify.

    Parameters
    ----------
    file : entry of the catalogue; `file.url` may be redirected to another host with KLUE_RAW_URL.
    folder : the data set's folder in the cache.

    Raises
    ------
    KlueError : no connection after several attempts, an answer such as 404, another git blob id than published, a cache
        that cannot be written.
    """
    target = folder / file.path
    try:
        if not _is_published(target, file):
            with lock_folder(target.parent, wait=True, otherwise=OTHER_CACHE):
                if not _is_published(target, file):  # another process may have fetched it meanwhile
                    _bring(file, target)
    except OSError as error:
        raise KlueError(f"{target}을(를) 읽거나 쓰지 못했습니다({error.strerror or error}). 디스크의 자리와 권한을 "
                        f"확인하거나 {OTHER_CACHE}.") from error
    return target


def git_blob_id(path: Path) -> str:
    """Return what ``git hash-object --no-filters`` prints for the file."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(HASHED):
            digest.update(chunk)
    return digest.hexdigest()


def _is_published(path: Path, file: PublishedFile) -> bool:
    return path.is_file() and git_blob_id(path) == file.blob


def _bring(file: PublishedFile, target: Path) -> None:
    """Download a file beside its place and put it there if it is the published one."""
    part = target.with_name(target.name + PART)
    try:
        _download(file.url.replace(GITHUB, os.environ.get("KLUE_RAW_URL") or GITHUB), part)
        found = git_blob_id(part)
        if found == file.blob:
            put_in_place(part, target)
            return
    except OSError:
        part.unlink(missing_ok=True)  # on a full disk it would stand in the way of the next attempt
        raise
    part.unlink()
    raise KlueError(f"{target.name}: 받은 파일이 공개된 것과 다릅니다(git blob {file.blob}이어야 하는데 {found}). "
                    "지웠으니 다시 받아 보세요. 되풀이되면 공개처의 파일이 바뀐 것이니 source를 sample로 두세요.")


def _download(url: str, part: Path) -> None:
    """Bring the whole of a file into `part`, going on where an earlier attempt broke off."""
    import requests

    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        had = part.exists()
        try:
            status = _attempt(url, part)
        except requests.RequestException as error:
            problem = _problem(error)
            if isinstance(error, ValueError):  # an address that is none will not become one
                break
            continue
        if status == 200:
            return
        problem = f"서버 응답 {status}"
        if not (status == 429 or status >= 500 or (status == 416 and had)):
            break
    raise KlueError(f"{url}을(를) 받지 못했습니다: {problem}. 인터넷 연결을 확인하고 다시 해 보세요. "
                    "받은 데까지는 이어받습니다. 인터넷 없이는 source를 sample로 두세요.")


def _attempt(url: str, part: Path) -> int:
    """Ask once for the rest of the file and append what comes. Return the status, 200 when the file is whole."""
    import requests

    have = part.stat().st_size if part.exists() else 0
    # Compressed on the way, a file cannot be resumed: the range would count the bytes of another file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        start, total = _range(answer, have)
        if answer.status_code == 416 and have and total == have:
            return 200  # nothing is left to ask for
        if answer.status_code not in (200, 206):
            if answer.status_code == 416:
                part.unlink(missing_ok=True)  # longer than the file, so of another one
            return answer.status_code
        _refuse_pages(answer, url)
        _append(answer, part, start, total)
    if part.stat().st_size < total:
        raise requests.ConnectionError("the connection ended early")
    return 200


def _range(answer: "requests.Response", have: int) -> tuple[int, int]:
    """Return at which byte an answer starts, and the size of the whole file, 0 where it is not told."""
    told = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if told and answer.status_code != 200:
        return int(told[1] or 0), int(told[2].replace("*", "0"))
    start = have if answer.status_code == 206 else 0
    length = answer.headers.get("Content-Length", "")
    return start, start + int(length) if length.isdecimal() and not _coded(answer) else 0


def _coded(answer: "requests.Response") -> bool:
    """Return whether the file is compressed on the way all the same; lengths and ranges are not the file's then."""
    return answer.headers.get("Content-Encoding", "identity") != "identity"


def _refuse_pages(answer: "requests.Response", url: str) -> None:
    """Raise KlueError for a web page: the log-in page of a network comes with status 200 too."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise KlueError(f"{url}에서 파일 대신 웹 페이지가 왔습니다. 로그인이 필요한 네트워크나 프록시인지 확인하고 "
                        "다시 해 보세요. 인터넷 없이는 source를 sample로 두세요.")


def _append(answer: "requests.Response", part: Path, start: int, total: int) -> None:
    """Write what comes behind byte `start` of the part; what could not be gone on with later is removed."""
    import requests
    from tqdm import tqdm

    fits = not _coded(answer) and (start == 0 or start == part.stat().st_size)
    quiet = bool(os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS"))
    try:
        if start and not fits:
            raise requests.ConnectionError("not the range that was asked for")
        with part.open("ab" if start else "wb") as file, tqdm(
            desc=part.stem, total=total or None, initial=start, unit="B", unit_scale=True, disable=quiet
        ) as bar:
            for chunk in answer.iter_content(CHUNK):
                bar.update(file.write(chunk))
    except requests.RequestException:
        if not fits:
            part.unlink(missing_ok=True)
        raise


def _problem(error: "requests.RequestException") -> str:
    """Return in Korean what went wrong with a connection."""
    import requests

    kinds = {requests.exceptions.SSLError: "보안 연결(SSL) 오류", requests.exceptions.ProxyError: "프록시 오류",
             requests.exceptions.Timeout: "응답 시간 초과", ValueError: "잘못된 주소"}
    return next((korean for kind, korean in kinds.items() if isinstance(error, kind)), "연결 오류")
