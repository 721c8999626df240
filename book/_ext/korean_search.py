"""Sphinx extension: search in Korean (operations, taught nowhere).

Sphinx compares whole words, so 학습 does not find 학습을. Here every run of Hangul is indexed as its first syllable and
its pairs of neighbouring syllables, and the query is cut the same way by ``korean_search.js``: 형태소 becomes 형태 and
태소, and a page is found when it holds all of them. Everything else (English, code) keeps Sphinx's English rules.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import IO, Any

from sphinx.application import Sphinx
from sphinx.search import languages
from sphinx.search.en import SearchEnglish

HANGUL = "가-힣ㄱ-ㆎ"
_RUNS = re.compile(f"[{HANGUL}]+|[^\\W{HANGUL}]+")
_IS_HANGUL = re.compile(f"[{HANGUL}]")
_JAVASCRIPT = Path(__file__).with_name("korean_search.js")


def split_for_index(text: str) -> list[str]:
    """Return the terms a page is found by: syllable pairs of Hangul runs, other words whole, no bare numbers."""
    terms: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFC", text)):
        if _IS_HANGUL.match(run):
            terms.append(run[0])
            terms.extend(run[start : start + 2] for start in range(len(run) - 1))
        elif not run.isdigit():
            terms.append(run)
    return terms


class SearchKorean(SearchEnglish):
    """Korean for Sphinx's index: Hangul in syllable pairs, the rest as in English."""

    lang = "ko"
    language_name = "Korean"
    js_splitter_code = _JAVASCRIPT.read_text(encoding="utf-8")

    def split(self, input: str) -> list[str]:
        """Cut a text into terms; the same rule as ``splitQuery`` in ``korean_search.js``."""
        return split_for_index(input)


class Utf8Index:
    """Writer of ``searchindex.js`` that leaves Hangul as it is: half the size of Sphinx's escaped form."""

    PREFIX, SUFFIX = "Search.setIndex(", ")"

    def dump(self, data: Any, stream: IO[str]) -> None:
        """Write the index as a call that searchtools.js answers."""
        body = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        stream.write(f"{self.PREFIX}{body}{self.SUFFIX}")

    def load(self, stream: IO[str]) -> Any:
        """Read back what `dump` wrote; anything else is an old index, which Sphinx then ignores (ValueError)."""
        text = stream.read()
        if not (text.startswith(self.PREFIX) and text.endswith(self.SUFFIX)):
            raise ValueError("not a search index written by korean_search")
        return json.loads(text[len(self.PREFIX) : -len(self.SUFFIX)])


def _use_utf8_index(app: Sphinx) -> None:
    if hasattr(app.builder, "indexer_format"):
        app.builder.indexer_format = Utf8Index()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the language and the index format."""
    languages.pop("ko", None)  # a second build in one process registers it again
    app.add_search_language(SearchKorean)
    app.connect("builder-inited", _use_utf8_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
