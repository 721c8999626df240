"""Packages that only some lectures need, named together with the way to install them (lectures 1, 2 and 4)."""

import sys
from importlib.util import find_spec

from klue_helpers.errors import KlueError


def require_extra(extra: str, *modules: str) -> None:
    """Check that the modules of an optional dependency can be imported, without importing them.

    Parameters
    ----------
    extra : its name in ``pyproject.toml``, such as ``"analyzers"``.
    modules : top-level modules that are about to be imported.

    Raises
    ------
    KlueError : a module is not installed.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if "gensim" in missing and sys.version_info >= (3, 14):
        raise KlueError("gensim에는 Python 3.14용 설치 파일이 아직 없습니다. Python 3.13 이하로 다시 해 보세요.")
    if missing:
        raise KlueError(f"이 기능에 필요한 패키지가 설치되어 있지 않습니다: {', '.join(missing)}. "
                        f"터미널에서 `pip install \"klue-helpers[{extra}]\"`를 실행한 뒤 다시 해 보세요.")
