"""What the hub of models, the way to it or its cache did when a model does not come (lecture 3 meets it)."""

import errno
import fnmatch
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
)

T = TypeVar("T")
TIMEOUT = 10  # seconds: who is offline need not wait longer for the word
PAUSE = 1.0  # seconds before a second try: what a hub that is busy for a moment asks for, as a rule
_NO_MODEL = ("허브에 그런 이름의 모델이 없거나 비공개입니다({}). 이름의 철자를 확인하고, 비공개 모델이면 "
             "hf auth login으로 로그인하세요.")
_NO_FILE = "허브의 그 저장소에는 모델의 파일이 다 있지 않습니다({}). 다른 모델의 이름을 주세요."
_BUSY = "허브가 지금 답하지 못합니다({}). 이름이 틀린 것은 아니니 잠시 뒤에 다시 실행하세요."
_STATUS = {
    401: _NO_MODEL, 404: _NO_MODEL,
    403: "허브가 이 모델을 내주지 않습니다({}). 모델의 페이지에서 사용 허락을 받고 hf auth login으로 로그인하세요.",
    429: "허브가 요청이 너무 많다고 합니다({}). 이름이 틀린 것은 아니니 몇 분 뒤에 다시 실행하세요.",
}
_OFFLINE = "지금은 HF_HUB_OFFLINE이 켜져 있어 내려받지 않습니다. 내려받으려면 그 환경 변수를 지우고 다시 실행하세요."
_CUT = "허브와의 연결이 닿지 않거나 끊겼습니다. 인터넷 연결을 확인하고 다시 실행하세요."
_STRANGE = "허브의 것이 아닌 답이 왔습니다. 로그인해야 쓰는 인터넷이 아닌지 브라우저로 확인하고 다시 실행하세요."
_NAME = "허브에 있을 수 없는 이름입니다. 빈칸이나 빠진 글자가 없는지 이름의 철자를 확인하세요."
_FULL = "캐시 폴더가 있는 디스크에 자리가 없습니다. 자리를 비우거나 HF_HOME에 다른 폴더를 적고 다시 실행하세요."
_LOCKED = "캐시 폴더에 쓸 수 없습니다. 폴더의 권한을 고치거나 HF_HOME에 쓸 수 있는 폴더를 적고 다시 실행하세요."


def fetch_model(name: str, *, weights: bool = True) -> Path:
    """Return the folder of a model of the hub in the cache; what is missing there is fetched.

    Left to itself `transformers` asks a silent hub for file after file, for most of a minute, and swallows why a file
    did not come. Here the hub is asked once for its list, and each file by itself. Where it gives no list, a model that
    was fetched before serves.

    Parameters
    ----------
    weights : without them configuration and tokenizer are fetched only.

    Raises
    ------
    HTTPError, OSError, ValueError : the hub's library's own; see `cause_of`.
    """
    from huggingface_hub import HfApi, hf_hub_download

    try:
        known = twice(lambda: HfApi().model_info(name, timeout=TIMEOUT))
    except (HTTPError, OSError, ValueError):
        if (folder := _cached_folder(name)) is None:
            raise
        return folder
    for file in _needed([one.rfilename for one in known.siblings or ()], weights):
        twice(lambda file=file: hf_hub_download(name, file))
    return _cached_folder(name) or Path(hf_hub_download(name, "config.json")).parent


def _needed(names: list[str], weights: bool) -> list[str]:
    """Return the files that make up a model: safetensors where there are any, else torch's; not other libraries'."""
    top = [name for name in names if "/" not in name]
    tensors = fnmatch.filter(top, "model*.safetensors") or fnmatch.filter(top, "pytorch_model*.bin")
    return [name for name in top if name.endswith((".json", ".txt", ".model", ".jinja"))] + tensors * weights


def twice(load: Callable[[], T]) -> T:
    """Return what `load` gives; call it again, once, where the hub was busy (429, 5xx).

    A file whose connection breaks off the library itself resumes, five times.
    """
    try:
        return load()
    except HTTPError as error:
        status = _status(error) or 0
        if status != 429 and status < 500:
            raise
    time.sleep(PAUSE)
    return load()


def cause_of(error: BaseException) -> str:
    """Say in Korean what the hub or the way to it did, and what to do."""
    for one in _chain(error):
        if isinstance(one, OfflineModeIsEnabled):
            return _OFFLINE
        if isinstance(one, HFValidationError):
            return _NAME
        if isinstance(one, GatedRepoError):
            return _STATUS[403].format(_status(one))
        if isinstance(one, RemoteEntryNotFoundError):
            return _NO_FILE.format(_status(one))
        if status := _status(one):
            return _STATUS.get(status, _BUSY).format(status)
        if _broken_off(one):
            return _CUT
        if getattr(one, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return _FULL
        if getattr(one, "errno", None) in (errno.EACCES, errno.EPERM, errno.EROFS):
            return _LOCKED
    return _STRANGE


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those behind it: the libraries wrap what the hub said."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """Return the status of the hub's answer that an error carries."""
    return getattr(getattr(error, "response", None), "status_code", None)


def _broken_off(error: BaseException) -> bool:
    """Say whether a connection failed, or a file came shorter than the hub had told."""
    cut = isinstance(error, OSError) and str(error).startswith("Consistency check failed")
    return cut or isinstance(error, HTTPError | ConnectionError | TimeoutError)


def _cached_folder(name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def remove_damaged(folder: Path) -> list[str]:
    """Delete the cached files that are not what the hub had sent, so that they are fetched anew; return their names.

    The cache names a file's content by its hash: SHA-256 for large files, git's for small ones. Files without such a
    name cannot be checked and stay.
    """
    damaged = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _as_sent(path)]
    for path in damaged:
        path.resolve().unlink()
        path.unlink(missing_ok=True)
    return [path.name for path in damaged]


def _as_sent(path: Path) -> bool:
    blob = path.resolve()
    if len(blob.name) not in (40, 64) or set(blob.name) - set("0123456789abcdef"):
        return True
    facts = blob.stat()
    return _hash(blob, facts.st_size, facts.st_mtime_ns) == blob.name


@cache
def _hash(blob: Path, size: int, changed: int) -> str:
    """Return the hash that a blob's name is to be; computed once as long as the file does not change."""
    digest = hashlib.sha256() if len(blob.name) == 64 else hashlib.sha1(f"blob {size}\0".encode())
    with blob.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def unreadable(folder: Path) -> str | None:
    """Return the name of the first file of a model's folder that is no JSON object, no safetensors, no tensors."""
    for path in sorted(folder.iterdir()):
        try:
            _read(path)
        except Exception:  # of the many kinds that foreign bytes raise, each says the same: it cannot be read
            return path.name
    return None


def _read(path: Path) -> None:
    import torch
    from safetensors import safe_open

    if path.suffix == ".json" and not isinstance(json.loads(path.read_text(encoding="utf-8")), dict):
        raise ValueError(path.name)
    if path.suffix == ".safetensors":
        with safe_open(path, "pt"):
            pass
    if path.suffix == ".bin":
        torch.load(path, map_location="cpu", weights_only=True)
