"""Published files from the publishers' repositories: cached, resumed, verified (the source hub; the gpu profile's).

A file gets its name only after its git blob id was found right; until then it lies beside as ``NAME.part``, from where
an interrupted download goes on.
"""

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from klue_helpers.data.catalogue import DataSet, PublishedFile
from klue_helpers.errors import KlueError

ATTEMPTS = 5
PAUSE_S = 1.0  # before the second attempt; doubled each time
TIMEOUT_S = (10, 60)  # to connect, between two packets
CHUNK = 1 << 12  # what a broken connection may lose
GITHUB = "https://raw.githubusercontent.com"


def cache_dir() -> Path:
    """Return the folder of fetched files: KLUE_CACHE_DIR, else ``klue-course`` in the user's cache folder."""
    own = os.environ.get("KLUE_CACHE_DIR")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "klue-course"


def fetch(data: DataSet, splits: Iterable[str]) -> Path:
    """Fetch the published files of some splits into the cache and return their folder."""
    folder = cache_dir() / data.folder
    for split in splits:
        for file in data.published(split):
            fetch_file(file, folder)
    return folder


def fetch_file(file: PublishedFile, folder: Path) -> Path:
    """Fetch one published file unless it is there; resume, retry and verify.

    Parameters
    ----------
    file : entry of the catalogue; `file.url` may be redirected to another host with KLUE_RAW_URL.
    folder : the data set's folder in the cache.

    Raises
    ------
    KlueError : no connection after several attempts, an answer such as 404, or another git blob id than published.
    """
    from filelock import FileLock

    target = folder / file.path
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{part}.lock"):
        if not target.exists():
            _download(file.url.replace(GITHUB, os.environ.get("KLUE_RAW_URL", GITHUB)), part)
            found = git_blob_id(part)
            if file.blob not in (None, found):
                part.unlink()
                raise KlueError(f"{target.name}: 받은 파일이 공개된 것과 다릅니다(git blob {file.blob}이어야 하는데 "
                                f"{found}). 지웠으니 다시 받아 보세요. 되풀이되면 공개처의 파일이 바뀐 것입니다.")
            part.replace(target)
    return target


def git_blob_id(path: Path) -> str:
    """Return what ``git hash-object --no-filters`` prints for the file."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _download(url: str, part: Path) -> None:
    """Bring the whole of a file into `part`, going on where an earlier attempt broke off."""
    import requests

    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            status = _attempt(url, part)
        except requests.RequestException as error:
            problem = f"연결 오류({type(error).__name__})"
            continue
        if status < 400:
            return
        problem = f"서버 응답 {status}"
        if status != 429 and status < 500:
            break
    raise KlueError(f"{url}을(를) 받지 못했습니다: {problem}. 인터넷 연결을 확인하고 다시 해 보세요. "
                    "받은 데까지는 이어받습니다. 인터넷 없이는 source를 sample로 두세요.")


def _attempt(url: str, part: Path) -> int:
    """Ask once for the rest of the file and append what comes. Return the status."""
    import requests
    from tqdm import tqdm

    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == 416:  # nothing is left to ask for, or the part is longer than the file
            part.unlink()
            return _attempt(url, part)
        if answer.status_code >= 400:
            return answer.status_code
        resumed = answer.status_code == 206
        total = int(answer.headers.get("Content-Length", 0)) + have * resumed
        quiet = bool(os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS"))
        with part.open("ab" if resumed else "wb") as file, tqdm(
            desc=part.stem, total=total or None, initial=have * resumed, unit="B", unit_scale=True, disable=quiet
        ) as bar:
            for chunk in answer.iter_content(CHUNK):
                bar.update(file.write(chunk))
        if total and part.stat().st_size < total:
            raise requests.ConnectionError("the connection ended early")
        return answer.status_code
