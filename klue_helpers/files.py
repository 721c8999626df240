"""Writing files whole and sharing folders between processes (used by everything that saves, taught nowhere).

A file is written beside its place, flushed to the disk and then renamed, so that a kill or a power cut leaves the old
file or the new one. Two processes that want one folder meet at its lock; a folder that holds something of the user's
is not taken for output.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from klue_helpers.errors import KlueError

LOCK = ".klue.lock"  # stays behind empty: removing a lock file would let two processes lock two files of one name
PART = ".part"
STALE_S = 3600.0  # no write lasts an hour: what is older was left by a process that was killed


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a whole file or nothing; text is written in UTF-8.

    Parameters
    ----------
    path : a new or an old file, which keeps its permissions; missing folders above it are made.

    Raises
    ------
    KlueError : a full disk, a missing permission, a folder in the file's place.
    """
    with replacing(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a file to write bytes to; it takes the path's place when the block ends without an exception.

    A path that is no ordinary file, such as ``/dev/stdout``, is written to directly.

    Raises
    ------
    KlueError : as for `write_atomically`.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as file:
                yield file
        else:
            with _beside(target.resolve()) as file:  # a link goes on pointing at the file that it names
                yield file
    except OSError as error:
        raise KlueError(f"{target}에 쓰지 못했습니다({error.strerror or error}). 디스크의 자리와 쓰기 권한을 "
                        "확인하거나 다른 곳을 고르세요.") from error


def put_in_place(part: Path, target: Path) -> None:
    """Rename a finished file, after its content has reached the disk. Raises OSError."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())  # else a power cut may leave the new name on an empty file
    os.replace(part, target)
    _sync_folder(target.parent)


@contextmanager
def lock_folder(folder: str | os.PathLike[str], *, wait: bool = False, tell: Callable[[str], object] = str,
                otherwise: str = "다른 폴더를 고르세요") -> Iterator[None]:
    """Keep other processes out of a folder until the block ends; the folder is made where it is missing.

    The lock goes with the process, however that ends.

    Parameters
    ----------
    wait : whether to wait for a process that has the folder, after a word to `tell`, or to raise KlueError.
    otherwise : the way out that the error names, in Korean.

    Raises
    ------
    KlueError : the folder is in use and `wait` is false; it cannot be written to.
    """
    from filelock import FileLock, Timeout

    path = Path(folder)
    lock = FileLock(path / LOCK)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        if not wait:
            raise KlueError(f"다른 klue가 {path} 폴더를 쓰고 있습니다. 그것이 끝난 뒤에 다시 하거나 {otherwise}."
                            ) from None
        tell(f"다른 klue가 {path} 폴더를 쓰고 있어 끝나기를 기다립니다.")
        lock.acquire()
    except OSError as error:
        raise KlueError(f"{path} 폴더에 쓰지 못했습니다({error.strerror or error}). 쓰기 권한을 확인하거나 {otherwise}."
                        ) from error
    try:
        yield
    finally:
        lock.release()


def claim_folder(folder: str | os.PathLike[str], marker: str) -> None:
    """Make a folder for output, or take one that an earlier run made.

    Hidden files do not count, for nothing of ours is written over them.

    Parameters
    ----------
    marker : name of the file that only our runs write, and write first.

    Raises
    ------
    KlueError : a folder that holds something and not the marker; a file in its place; one that cannot be made or read.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in path.iterdir()}
    except FileExistsError as error:
        raise KlueError(f"폴더여야 하는데 파일입니다: {path}. 다른 이름을 쓰세요.") from error
    except OSError as error:
        raise KlueError(f"{path} 폴더를 만들거나 읽지 못했습니다({error.strerror or error}). 권한을 확인하거나 다른 "
                        "폴더를 고르세요.") from error
    others = sorted(name for name in names if not name.startswith("."))
    if others and marker not in names:
        raise KlueError(f"{path} 폴더에 다른 파일({', '.join(others[:3])}{' …' if len(others) > 3 else ''})이 있어 "
                        "결과를 둘 수 없습니다. 비어 있거나 없는 폴더를 고르세요.")


@contextmanager
def _beside(target: Path) -> Iterator[BinaryIO]:
    """Give a temporary file in the target's folder and rename it to the target in the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    start = f".{target.name[:40]}."  # cut: a name may be as long as the file system allows
    handle, name = tempfile.mkstemp(prefix=start, suffix=PART, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _sweep(target.parent, start, os.fstat(handle).st_mtime - STALE_S)
            yield file
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        put_in_place(Path(name), target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sweep(folder: Path, start: str, before: float) -> None:
    """Remove what killed processes left of the same file; times are compared by the folder's own clock."""
    for path in folder.iterdir():
        if path.name.startswith(start) and path.name.endswith(PART):
            with suppress(FileNotFoundError):  # another process may sweep as well
                if path.stat().st_mtime < before:
                    path.unlink()


def _sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, where the system can do that for a folder (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network folders refuse; the content itself is on the disk already
                os.fsync(handle)
        finally:
            os.close(handle)
