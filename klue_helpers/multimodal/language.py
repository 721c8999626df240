"""Korean captions and questions about the world of shapes, and their pieces (taught in lecture 10)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.multimodal.world import COLOURS, HELD_OUT, PLACES, SHAPES, SIZES, Scene, Thing

LENGTH = 16  # pieces of the longest text
_OTHER = (
    "왼쪽", "오른쪽", "위", "아래", "이", "가", "은", "는", "을", "를", "과", "와",
    "에", "의", "에는", "하나", "있습니다", "그려", "주세요", "것", "도형", "어디", "무슨", "색",
    "모양", "몇", "개", "있습니까", "입니까", "큽니까", "작습니까",
)
PIECES = ("[빈]", *SHAPES, *COLOURS, *SIZES, *_OTHER)  # number 0 fills a text up to LENGTH
_PATTERN = re.compile("|".join(sorted(PIECES[1:], key=len, reverse=True)))
_NUMBER = {piece: number for number, piece in enumerate(PIECES)}
ANSWERS = {
    "색": tuple(colour if colour.endswith("색") else f"{colour}색" for colour in COLOURS),
    "모양": SHAPES,
    "크기": ("큽니다", "작습니다"),
    "위치": PLACES,
    "개수": ("없습니다", "하나", "둘"),
    "유무": ("예", "아니요"),
}
ALL_ANSWERS = tuple(answer for answers in ANSWERS.values() for answer in answers)


@dataclass(frozen=True)
class Claim:
    """What a caption says of one thing; None where it leaves the size or the place open."""

    shape: str
    colour: str
    size: str | None = None
    place: str | None = None

    @property
    def held_out(self) -> bool:
        """Whether training never shows this shape in this colour."""
        return (self.colour, self.shape) in HELD_OUT

    def fits(self, thing: Thing) -> bool:
        """Whether a thing is as claimed."""
        return ((thing.shape, thing.colour) == (self.shape, self.colour)
                and self.size in (None, thing.size) and self.place in (None, thing.place))


@dataclass(frozen=True)
class Caption:
    """A Korean text and what it claims of a picture: these things and no others."""

    text: str
    claims: tuple[Claim, ...]

    @property
    def held_out(self) -> bool:
        """Whether one of the things is never shown in training."""
        return any(claim.held_out for claim in self.claims)

    def fits(self, things: Sequence[Thing]) -> bool:
        """Whether the things of a picture are just those claimed. Taught in lecture 10."""
        return len(things) == len(self.claims) and any(
            all(claim.fits(thing) for claim, thing in zip(self.claims, order, strict=True))
            for order in permutations(things))

    def fits_looks(self, things: Sequence[Thing]) -> bool:
        """Whether shapes and colours are just those claimed, whatever the sizes and places."""
        looks = sorted((thing.shape, thing.colour) for thing in things)
        return looks == sorted((claim.shape, claim.colour) for claim in self.claims)


@dataclass(frozen=True)
class Question:
    """A question of a kind (a key of `ANSWERS`), the scene it is about, and the true answer."""

    kind: str
    text: str
    answer: str
    scene: Scene


def with_particle(noun: str, pair: str) -> str:
    """Return the noun with the particle that its last syllable takes. Taught in lecture 10.

    Parameters
    ----------
    noun : ends in a Hangul syllable; KlueError otherwise.
    pair : the particle after a final consonant and the one after a vowel, such as ``"이/가"``.

    Examples
    --------
    >>> with_particle("별", "이/가"), with_particle("하트", "이/가")
    ('별이', '하트가')
    """
    if not noun or not "가" <= noun[-1] <= "힣":
        raise KlueError(f"한글 음절로 끝나지 않아 조사를 고를 수 없습니다: {noun!r}. 한글로 적은 말을 주세요.")
    closed, opened = pair.split("/")
    return noun + (closed if (ord(noun[-1]) - ord("가")) % 28 else opened)


def caption_texts(claims: Sequence[Claim]) -> list[str]:
    """Return every way to say the claims: one, or two that both name their places or both do not."""
    names = [" ".join(filter(None, (claim.size, claim.colour, claim.shape))) for claim in claims]
    places = [claim.place for claim in claims]
    if len(claims) == 2:
        second, both = names[1], with_particle(names[0], "과/와")
        if None in places:
            return [f"{both} {second}", f"{both} {with_particle(second, '이/가')} 있습니다",
                    f"{both} {with_particle(second, '을/를')} 그려 주세요"]
        subjects = [with_particle(name, "이/가") for name in names]
        return [f"{places[0]}에는 {subjects[0]}, {places[1]}에는 {subjects[1]} 있습니다",
                f"{places[0]}의 {both} {places[1]}의 {second}"]
    (name,), (place,) = names, places
    subject, target = with_particle(name, "이/가"), with_particle(name, "을/를")
    if place is None:
        return [name, f"{name} 하나", f"{subject} 하나 있습니다", f"{target} 그려 주세요"]
    return [f"{place}의 {name}", f"{place}에 {subject} 있습니다", f"{subject} {place}에 있습니다",
            f"{place}에 {target} 그려 주세요"]


def describe(scene: Scene, rng: np.random.Generator) -> Caption:
    """Return a caption of a scene that leaves sizes and places out by chance. Taught in lecture 10."""
    with_places = rng.random() < 0.5
    claims = [Claim(thing.shape, thing.colour, thing.size if rng.random() < 0.5 else None,
                    thing.place if with_places else None) for thing in scene.things]
    claims = [claims[number] for number in rng.permutation(len(claims))]
    texts = caption_texts(claims)
    return Caption(texts[rng.integers(len(texts))], tuple(claims))


def single_captions() -> list[Caption]:
    """Return every caption of one thing: 450 claims, each said in four ways. Taught in lecture 10."""
    claims = [Claim(*look) for look in product(SHAPES, COLOURS, (None, *SIZES), (None, *PLACES))]
    return [Caption(text, (claim,)) for claim in claims for text in caption_texts([claim])]


def encode_texts(texts: Sequence[str]) -> np.ndarray:
    """Return the numbers of the texts' pieces, filled up with 0: (texts, 16), int64. Taught in lecture 10.

    Raises KlueError for a word that the world does not know and for a text of more than 16 pieces.
    """
    rows = np.zeros((len(texts), LENGTH), dtype=np.int64)
    for row, text in zip(rows, texts, strict=True):
        pieces = split_pieces(text)
        if len(pieces) > LENGTH:
            raise KlueError(f"조각이 {len(pieces)}개라 너무 깁니다: {text!r}. {LENGTH}개가 넘지 않게 줄이세요.")
        row[:len(pieces)] = [_NUMBER[piece] for piece in pieces]
    return rows


def split_pieces(text: str) -> list[str]:
    """Return a text's words and particles, longest first from the left; raises KlueError for an unknown word.

    Examples
    --------
    >>> split_pieces("큰 별이 있습니다.")
    ['큰', '별', '이', '있습니다']
    """
    unknown = re.sub(r"[\s.,?]", "", _PATTERN.sub("", text))
    if unknown:
        raise KlueError(f"그림 세계에 없는 말이 있습니다: {unknown!r}. 쓸 수 있는 말: {', '.join(PIECES[1:])}.")
    return _PATTERN.findall(text)
