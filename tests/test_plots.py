"""Marked texts: every character once, everything escaped, bad marks refused."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_helpers import KlueError
from klue_helpers.plots import highlight


def test_plain_text_and_html_show_the_marks():
    shown = highlight(("이순신은 <통영>에 있다.", [(6, 8, "LC"), (0, 3, "PS")]))
    assert repr(shown) == "[이순신/PS]은 <[통영/LC]>에 있다."
    assert "&lt;<mark" in shown._repr_html_() and "이순신<sub>PS</sub></mark>은" in shown._repr_html_()


@given(st.text(min_size=1, max_size=30), st.data())
def test_nothing_of_the_text_is_lost_or_read_as_html(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    html = highlight((text, [(start, end, "<X>")]))._repr_html_()
    assert html.count("<mark") == html.count("<sub>&lt;X&gt;</sub>") == 1
    assert unescape(re.sub(r"<sub>.*?</sub>|<[^>]*>", "", html, flags=re.DOTALL)) == text


@pytest.mark.parametrize("marks", [[(0, 0, "PS")], [(0, 9, "PS")], [(0, 2, "PS"), (1, 3, "LC")]])
def test_bad_marks_are_refused(marks):
    with pytest.raises(KlueError, match="위치를 고치세요"):
        highlight(("네 글자", marks))
