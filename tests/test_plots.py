"""Marked texts: every character once, everything escaped, bad marks refused. Figures: nothing overlaps or is lost."""

import re
from html import unescape

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_helpers import KlueError
from klue_helpers.plots import flow_chart, highlight, token_strips
from klue_helpers.runtime import use_korean_font


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


@pytest.fixture
def korean_figures():
    with plt.rc_context():
        use_korean_font()
        yield
    plt.close("all")


def boxes_of(figure):
    """Return the drawn texts, the patches by rows, and what holds the letters' measure; all in pixels."""
    figure.canvas.draw()
    return figure.axes[0].texts, figure.axes[0].patches, figure.canvas.get_renderer()


def test_strips_show_every_token_in_its_own_box_with_its_look(korean_figures):
    looks = {"plain": "비가", "hidden": "[MASK]", "gone": "우산을", "marked": "샀다."}
    strip = [(token, look, str(place)) for place, (look, token) in enumerate(looks.items())]
    figure = token_strips({"원문": [("고양이가", "plain", "")] * 2, "구간 채우기": strip})
    texts, patches, renderer = boxes_of(figure)
    assert [text.get_text() for text in texts if text.get_text() in looks.values()] == list(looks.values())
    frames = [patch.get_window_extent(renderer) for patch in patches]
    assert len(frames) == 6 and all(frames[n].x1 < frames[n + 1].x0 for n in (0, 2, 3, 4))
    middle = [text for text in texts if text.get_text() in {*looks.values(), "고양이가"}]
    for text, frame in zip(middle, frames, strict=True):
        drawn = text.get_window_extent(renderer)
        assert frame.x0 < drawn.x0 < drawn.x1 < frame.x1 and frame.y0 < drawn.y0 < drawn.y1 < frame.y1
    assert [bool(patch.get_hatch()) for patch in patches[2:]] == [False, True, False, False]
    assert len(figure.axes[0].lines) == 1 and figure.bbox.x1 > max(frame.x1 for frame in frames)
    assert patches[5].get_linewidth() > patches[2].get_linewidth()


def test_an_unknown_look_is_refused():
    with pytest.raises(KlueError, match=r"빨강.*plain, hidden, gone, marked"):
        token_strips({"원문": [("비가", "빨강", "")]})


def test_chart_joins_the_boxes_of_a_row_and_keeps_their_texts_inside(korean_figures):
    figure = flow_chart({"첫째": ["그림", "인코더\n벡터 열여섯 개", "번호"], "둘째": ["글", "그림"]})
    texts, patches, renderer = boxes_of(figure)
    shown = [text for text in texts if text.get_text() not in ("", "첫째", "둘째")]
    assert [text.get_text() for text in shown] == ["그림", "인코더\n벡터 열여섯 개", "번호", "글", "그림"]
    assert sum(text.get_text() == "" for text in texts) == 3  # an arrow is a note without text
    for text, patch in zip(shown, patches, strict=True):
        drawn, frame = text.get_window_extent(renderer), patch.get_window_extent(renderer)
        assert frame.x0 < drawn.x0 < drawn.x1 < frame.x1 and frame.y0 < drawn.y0 < drawn.y1 < frame.y1
        assert frame.x1 <= figure.bbox.x1
