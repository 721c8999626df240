"""Whole files or none, one process a folder, and nobody's folder taken."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import klue_helpers
from klue_helpers import files
from klue_helpers.errors import KlueError
from klue_helpers.files import LOCK, claim_folder, lock_folder, replacing, write_atomically

ROOT = str(Path(klue_helpers.__file__).parents[1])


@pytest.fixture
def old(tmp_path) -> Path:
    path = tmp_path / "글.txt"
    path.write_text("처음", encoding="utf-8")
    return path


def alone(path: Path) -> bool:
    return os.listdir(path.parent) == [path.name]


def test_text_and_bytes_are_written_into_new_folders(tmp_path):
    write_atomically(tmp_path / "가" / "나" / "a.txt", "글\n")
    write_atomically(str(tmp_path / "b"), b"\0\r\n")
    assert (tmp_path / "가" / "나" / "a.txt").read_bytes() == "글\n".encode()
    assert (tmp_path / "b").read_bytes() == b"\0\r\n"


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_write_that_fails_keeps_the_old_file_and_says_where(old, monkeypatch, call):
    def refuse(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if call != "write":
        monkeypatch.setattr(os, call, refuse)
    with pytest.raises(KlueError, match=r"글\.txt에 쓰지 못했습니다.*고르세요\.$"), replacing(old) as file:
        file.write(b"half")
        if call == "write":
            refuse()
    assert old.read_text(encoding="utf-8") == "처음" and alone(old)


def test_an_interrupted_write_keeps_the_old_file(old):
    with pytest.raises(KeyboardInterrupt), replacing(old) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert old.read_text(encoding="utf-8") == "처음" and alone(old)


def test_file_and_folder_reach_the_disk_in_this_order(old, monkeypatch):
    """Without the first a power cut leaves an empty file, without the second the old name."""
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1])
    write_atomically(old, "새로")
    assert calls == ["fsync", "replace", "fsync"]


def test_permissions_links_and_long_names(old, tmp_path):
    old.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(old)
    write_atomically(link, "새로")
    assert link.is_symlink() and old.read_text(encoding="utf-8") == "새로" and old.stat().st_mode & 0o777 == 0o640
    write_atomically(tmp_path / ("가" * 85), "")  # 255 bytes, as long as a name may be
    assert (tmp_path / ("가" * 85)).exists()


def test_what_is_no_file_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, "글")
    assert os.read(reader, 10) == "글".encode() and pipe.is_fifo()
    os.close(reader)
    with pytest.raises(KlueError, match="쓰지 못했습니다"):
        write_atomically(tmp_path, "")


def test_what_a_killed_process_left_is_swept_later(old):
    code = ("import os, sys; from klue_helpers.files import replacing\n"
            "with replacing(sys.argv[1]) as file:\n    file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)")
    subprocess.run([sys.executable, "-c", code, str(old)], env=os.environ | {"PYTHONPATH": ROOT}, check=False)
    (left,) = set(os.listdir(old.parent)) - {old.name}
    write_atomically(old, "다른 쓰기")
    assert left in os.listdir(old.parent), "it may belong to a process that still writes"
    hour_ago = time.time() - files.STALE_S - 60
    os.utime(old.parent / left, (hour_ago, hour_ago))
    write_atomically(old, "새로")
    assert alone(old)


def test_second_comer_is_told_or_waits(tmp_path):
    code = ("import sys; from klue_helpers.files import lock_folder\n"
            "with lock_folder(sys.argv[1]):\n    print('in', flush=True); sys.stdin.read()")
    folder = tmp_path / "안"
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], env=os.environ | {"PYTHONPATH": ROOT},
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "in\n"
        with pytest.raises(KlueError, match="다른 klue가"), lock_folder(folder):
            pytest.fail("two in one folder")
        told = []
        with lock_folder(folder, wait=True, tell=lambda message: (told.append(message), first.kill())):
            assert len(told) == 1 and str(folder) in told[0], "a lock goes with its process, even a killed one"
    with lock_folder(folder):
        assert os.listdir(folder) == [LOCK]


def test_claim_takes_new_empty_and_own_folders_only(tmp_path):
    claim_folder(tmp_path / "새", "settings.json")
    claim_folder(tmp_path / "새", "settings.json")
    with lock_folder(tmp_path / "새"):
        claim_folder(tmp_path / "새", "settings.json")
    (tmp_path / "새" / "model.safetensors").touch()
    with pytest.raises(KlueError, match=r"새 폴더에 다른 파일\(model.safetensors\)"):
        claim_folder(tmp_path / "새", "settings.json")
    (tmp_path / "새" / "settings.json").touch()
    claim_folder(tmp_path / "새", "settings.json")
    with pytest.raises(KlueError, match="파일입니다"):
        claim_folder(tmp_path / "새" / "settings.json", "settings.json")
    with pytest.raises(KlueError, match="만들거나 읽지 못했습니다"):
        claim_folder(tmp_path / "새" / "settings.json" / "안", "settings.json")
