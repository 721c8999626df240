"""The files that tell how far a training is: read them, or set them aside where they are damaged (lecture 5).

They are written whole or not at all; what damages them comes from outside: a disk, a copy that broke off, an editor.
A damaged file is never trusted and never deleted: it gets another name, and the same command starts over from what is
left.
"""

import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from klue_helpers.errors import KlueError

Say = Callable[[str], None]
TRAINER_STATE = "trainer_state.json"  # the last file of a checkpoint to be written
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
# Words in the RuntimeError by which torch tells that it cannot write a file.
_WRITER = ("inline_container", "PytorchStreamWriter", "Parent directory")


def read_object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file; None for a file that holds none. Raises OSError for one that cannot be read."""
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a thousand brackets
        return None
    return content if isinstance(content, dict) else None


def set_aside(path: Path, say: Say) -> None:
    """Give a damaged file or folder another name beside it, and say so."""
    kept = _free_name(path)
    path.rename(kept)
    say(f"{path}이(가) 깨져 있어 {kept.name}(으)로 이름을 바꾸고 그 부분을 다시 합니다.")


def copy_aside(path: Path, say: Say) -> None:
    """Keep a copy of a damaged file that is about to be replaced, and say so."""
    kept = _free_name(path)
    shutil.copyfile(path, kept)
    say(f"{path}이(가) 깨져 있어 {kept.name}에 베껴 두고 새로 씁니다.")


def last_checkpoint(folder: Path, say: Say) -> str | None:
    """Return the last checkpoint from which a training can go on.

    What a kill left half written is removed; what is damaged is set aside.
    """
    for path in sorted(_checkpoints(folder), key=_step, reverse=True):
        if not (path / TRAINER_STATE).is_file():
            shutil.rmtree(path)
        elif not _is_whole(path):
            set_aside(path, say)
    usable = [path for path in _checkpoints(folder) if _best_is_there(path)]
    return str(max(usable, key=_step)) if usable else None


@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Tell in Korean what the libraries raise where a disk is full or a folder may not be written to."""
    try:
        yield
    except BrokenPipeError:
        raise  # who reads our lines has gone: no matter of the folder
    except (OSError, SafetensorError) as error:
        raise KlueError(_unwritable(folder, error)) from error
    except RuntimeError as error:
        if not any(word in str(error) for word in _WRITER):
            raise
        raise KlueError(_unwritable(folder, error)) from error


def _unwritable(folder: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error).strip().split("\n")[0]
    return (f"{folder} 폴더의 파일을 쓰거나 읽지 못했습니다({reason}). 디스크의 자리와 폴더의 권한을 확인한 뒤 같은 "
            "명령을 다시 하면 이어서 합니다.")


def _free_name(path: Path) -> Path:
    names = (f"damaged-{path.name}" + (f"-{number}" if number else "") for number in range(1_000_000))
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


def _checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint-*") if _CHECKPOINT.fullmatch(path.name) and path.is_dir()]


def _step(checkpoint: Path) -> int:
    return int(_CHECKPOINT.fullmatch(checkpoint.name)[1])


def _is_whole(checkpoint: Path) -> bool:
    """Read every file of a checkpoint through, without running or keeping anything of it."""
    return read_object(checkpoint / TRAINER_STATE) is not None and all(
        _is_readable(path) for pattern in ("*.safetensors", "*.pt", "*.pth") for path in checkpoint.glob(pattern))


def _is_readable(path: Path) -> bool:
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:  # the header, and whether the file is as long as that says
                return bool(file.keys())
        with zipfile.ZipFile(path) as archive:  # what torch.save writes; each part has a checksum
            return archive.testzip() is None
    except (SafetensorError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError):
        return False


def _best_is_there(checkpoint: Path) -> bool:
    """Say whether the checkpoint that was best so far is there too: the trainer loads it in the end."""
    best = (read_object(checkpoint / TRAINER_STATE) or {}).get("best_model_checkpoint")
    return best is None or (isinstance(best, str) and (Path(best) / TRAINER_STATE).is_file())
