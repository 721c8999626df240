"""Questions about a picture of the world of shapes, with balanced answers (taught in lecture 10)."""

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.multimodal.language import ANSWERS, Question, with_particle
from klue_helpers.multimodal.world import COLOURS, SHAPES, Scene, Thing, draw_scenes

_COLOUR_NAMES = dict(zip(COLOURS, ANSWERS["색"], strict=True))
_SIZE_ANSWERS = {"큰": "큽니다", "작은": "작습니다"}


def questions_about(scene: Scene, kind: str) -> list[Question]:
    """Return every question of a kind that has one true answer in a scene. Taught in lecture 10.

    Parameters
    ----------
    kind : a key of `ANSWERS`.

    Examples
    --------
    >>> from klue_helpers.multimodal.world import Thing
    >>> [(q.text, q.answer) for q in questions_about(Scene((Thing("별", "파란", "큰", "왼쪽 위"),)), "색")]
    [('별은 무슨 색입니까?', '파란색')]
    """
    return [Question(kind, text, answer, scene) for text, answer in _WRITERS[kind](scene)]


def draw_questions(count: int, rng: np.random.Generator, *, scenes: Sequence[Scene] | None = None) -> list[Question]:
    """Draw questions of all kinds in turn so that each kind's answers come equally often. Taught in lecture 10.

    Parameters
    ----------
    count : number of questions.
    rng : NumPy's generator.
    scenes : those to ask about, whose answers come equally often; None draws scenes without the held-out pairs.

    Raises
    ------
    KlueError : scenes that leave nothing to ask.
    """
    kinds = tuple(ANSWERS)
    if scenes is not None:
        pools = {kind: _by_answer(scenes, kind) for kind in kinds}
        return [_pick(_pick(pools[kinds[turn % len(kinds)]], rng), rng) for turn in range(count)]
    found = []
    for turn in range(count):
        kind = kinds[turn % len(kinds)]
        wanted, choices = _pick(ANSWERS[kind], rng), []
        while not choices:  # every answer comes up somewhere in the world
            scene = draw_scenes(1, rng)[0]
            choices = [question for question in questions_about(scene, kind) if question.answer == wanted]
        found.append(_pick(choices, rng))
    return found


def _pick(items: Sequence, rng: np.random.Generator) -> Any:
    return items[rng.integers(len(items))]


def _by_answer(scenes: Sequence[Scene], kind: str) -> list[list[Question]]:
    """Return the questions of a kind about the scenes, those with the same answer together."""
    groups: dict[str, list[Question]] = {}
    for scene in scenes:
        for question in questions_about(scene, kind):
            groups.setdefault(question.answer, []).append(question)
    if not groups:
        raise KlueError(f"이 장면들에는 {kind}을(를) 물을 것이 없습니다. 장면을 더 주세요.")
    return list(groups.values())


def _unique(scene: Scene, *names: str) -> list[Thing]:
    """Return the things that no other thing of the scene equals in the named attributes."""
    look = attrgetter(*names)
    counts = Counter(map(look, scene.things))
    return [thing for thing in scene.things if counts[look(thing)] == 1]


def _colour(scene: Scene) -> list[tuple[str, str]]:
    return [(f"{with_particle(thing.shape, '은/는')} 무슨 색입니까?", _COLOUR_NAMES[thing.colour])
            for thing in _unique(scene, "shape")]


def _shape(scene: Scene) -> list[tuple[str, str]]:
    return [(f"{thing.colour} 것은 무슨 모양입니까?", thing.shape) for thing in _unique(scene, "colour")]


def _size(scene: Scene) -> list[tuple[str, str]]:
    return [(f"{thing.colour} {with_particle(thing.shape, '은/는')} 큽니까, 작습니까?", _SIZE_ANSWERS[thing.size])
            for thing in _unique(scene, "shape", "colour")]


def _place(scene: Scene) -> list[tuple[str, str]]:
    return [(f"{thing.colour} {with_particle(thing.shape, '은/는')} 어디에 있습니까?", thing.place)
            for thing in _unique(scene, "shape", "colour")]


def _number(scene: Scene) -> list[tuple[str, str]]:
    shapes, colours = (Counter(getattr(thing, name) for thing in scene.things) for name in ("shape", "colour"))
    return [(f"{with_particle(shape, '은/는')} 몇 개입니까?", ANSWERS["개수"][shapes[shape]]) for shape in SHAPES] + [
        (f"{colour} 도형은 몇 개입니까?", ANSWERS["개수"][colours[colour]]) for colour in COLOURS]


def _presence(scene: Scene) -> list[tuple[str, str]]:
    """Ask for every thing that is there and, as traps, for what its parts would make put together wrongly."""
    there = {(thing.colour, thing.shape) for thing in scene.things}
    colours, shapes = {colour for colour, _ in there}, {shape for _, shape in there}
    enough = len(scene.things)  # of two things both parts must be there, of one thing one of them
    asked = [(colour, shape) for colour in COLOURS for shape in SHAPES
             if (colour in colours) + (shape in shapes) >= enough]
    return [(f"{colour} {with_particle(shape, '이/가')} 있습니까?", "예" if (colour, shape) in there else "아니요")
            for colour, shape in asked]


_WRITERS = {"색": _colour, "모양": _shape, "크기": _size, "위치": _place, "개수": _number, "유무": _presence}
