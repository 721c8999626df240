"""A small world of coloured shapes: scenes, their pictures, and reading a picture back (taught in lecture 10)."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache
from itertools import combinations, product

import numpy as np

from klue_helpers.errors import KlueError

SIDE = 24  # pixels of a picture's side
CELL = SIDE // 2  # a picture has four cells, one for each place
SHAPES = ("원", "별", "세모", "네모", "하트")
SIZES = ("큰", "작은")
PLACES = ("왼쪽 위", "오른쪽 위", "왼쪽 아래", "오른쪽 아래")
COLOURS = {"빨간": (0.86, 0.12, 0.15), "파란": (0.13, 0.35, 0.88), "노란": (0.98, 0.80, 0.10),
           "초록색": (0.10, 0.60, 0.25), "보라색": (0.60, 0.25, 0.75), "검은": (0.10, 0.10, 0.10)}
# Pairs of colour and shape that training never shows: whoever draws them has put together what was learned apart.
HELD_OUT = frozenset({("노란", "원"), ("파란", "별"), ("보라색", "세모"), ("빨간", "네모"), ("검은", "하트")})
_RADIUS = {"큰": 5.5, "작은": 3.5}
_SAMPLES = 5  # points along a pixel's side where a shape is looked up


@dataclass(frozen=True)
class Thing:
    """One shape in a picture.

    Attributes
    ----------
    shape, colour, size, place : one of `SHAPES`, `COLOURS`, `SIZES` and `PLACES`.
    """

    shape: str
    colour: str
    size: str
    place: str

    def __post_init__(self) -> None:
        for value, known in zip(astuple(self), (SHAPES, COLOURS, SIZES, PLACES), strict=True):
            if value not in known:
                raise KlueError(f"그림 세계에 없는 말입니다: {value!r}. 쓸 수 있는 말: {', '.join(known)}.")

    @property
    def held_out(self) -> bool:
        """Whether training never shows this shape in this colour."""
        return (self.colour, self.shape) in HELD_OUT


@dataclass(frozen=True)
class Scene:
    """One or two things in different places, in the order of `PLACES`. Raises KlueError for anything else."""

    things: tuple[Thing, ...]

    def __post_init__(self) -> None:
        order = [PLACES.index(thing.place) for thing in self.things]
        if not 1 <= len(order) <= 2 or len(set(order)) < len(order):
            raise KlueError("그림에는 도형이 하나나 둘, 서로 다른 자리에 있어야 합니다. 도형의 수와 자리를 고치세요.")
        object.__setattr__(self, "things", tuple(sorted(self.things, key=lambda thing: PLACES.index(thing.place))))

    @property
    def held_out(self) -> bool:
        """Whether training never shows one of the things."""
        return any(thing.held_out for thing in self.things)


def all_scenes(count: int | None = None) -> Iterator[Scene]:
    """Yield every scene of one thing (240) and of two (21,600), or of `count` things only. Taught in lecture 10."""
    looks = list(product(SHAPES, COLOURS, SIZES))
    for number in (1, 2) if count is None else (count,):
        for places in combinations(PLACES, number):
            for chosen in product(looks, repeat=number):
                yield Scene(tuple(Thing(*look, place) for look, place in zip(chosen, places, strict=True)))


def draw_scenes(count: int, rng: np.random.Generator, *, single: float = 0.25) -> list[Scene]:
    """Draw scenes for training: none holds a pair of `HELD_OUT`. Taught in lecture 10.

    Parameters
    ----------
    count : number of scenes; they may repeat.
    rng : NumPy's generator.
    single : share of scenes with one thing only.
    """
    pairs = [(shape, colour) for shape, colour in product(SHAPES, COLOURS) if (colour, shape) not in HELD_OUT]
    scenes = []
    for _ in range(count):
        places = rng.permutation(len(PLACES))[:1 if rng.random() < single else 2]
        looks = [pairs[rng.integers(len(pairs))] for _ in places]
        scenes.append(Scene(tuple(Thing(*look, SIZES[rng.integers(2)], PLACES[place])
                                  for look, place in zip(looks, places, strict=True))))
    return scenes


def render(scene: Scene) -> np.ndarray:
    """Return the picture of a scene: (3, 24, 24), float32 from 0 to 1, white where nothing is. Taught in lecture 10."""
    picture = np.ones((3, SIDE, SIDE), dtype=np.float32)
    for thing in scene.things:
        row, column = _corner(thing.place)
        picture[:, row:row + CELL, column:column + CELL] = _cell(thing.shape, thing.colour, thing.size)
    return picture


@dataclass(frozen=True)
class Reading:
    """What `read_picture` found.

    Attributes
    ----------
    things : a thing for each cell that is not empty, in the order of `PLACES`.
    error : mean absolute difference between pixels and the nearest drawing in the worst cell, from 0 to 1.
    """

    things: tuple[Thing, ...]
    error: float


def read_picture(picture: np.ndarray) -> Reading:
    """Read what stands in a picture: for each cell, the drawing with the nearest pixels. Taught in lecture 10.

    Parameters
    ----------
    picture : (3, 24, 24), from 0 to 1.

    Returns
    -------
    Reading; on a rendered picture the scene's own things with error 0. Raises KlueError for another shape.
    """
    picture = np.asarray(picture, dtype=np.float32)
    if picture.shape != (3, SIDE, SIDE):
        raise KlueError(f"그림의 모양이 {picture.shape}입니다. (3, {SIDE}, {SIDE})인 배열을 주세요.")
    looks, drawings = _drawings()
    corners = [_corner(place) for place in PLACES]
    cells = np.stack([picture[:, row:row + CELL, column:column + CELL].ravel() for row, column in corners])
    gaps = (drawings**2).sum(axis=1) - 2 * cells @ drawings.T  # (4, 61), up to the cell's own square
    best = gaps.argmin(axis=1)
    found = [(looks[number], place) for number, place in zip(best, PLACES, strict=True)]
    things = tuple(Thing(*look, place) for look, place in found if look is not None)
    return Reading(things, float(np.abs(drawings[best] - cells).mean(axis=1).max()))


def _corner(place: str) -> tuple[int, int]:
    """Return the first row and column of a place's cell."""
    number = PLACES.index(place)
    return number // 2 * CELL, number % 2 * CELL


@cache
def _drawings() -> tuple[list[tuple[str, str, str] | None], np.ndarray]:
    """Return the 60 looks of a thing and None for an empty cell, and their cells: (61, 432)."""
    looks = list(product(SHAPES, COLOURS, SIZES))
    cells = [_cell(*look) for look in looks]
    return [*looks, None], np.stack([*cells, np.ones((3, CELL, CELL), dtype=np.float32)]).reshape(61, -1)


@cache
def _cell(shape: str, colour: str, size: str) -> np.ndarray:
    """Return the drawing of a thing: (3, 12, 12). A pixel on the edge has as much colour as lies in the shape."""
    points = (np.arange(CELL * _SAMPLES) + 0.5) / _SAMPLES - CELL / 2
    x, y = np.meshgrid(points / _RADIUS[size], -points / _RADIUS[size])  # y grows upwards
    inside = _inside(shape, x, y).reshape(CELL, _SAMPLES, CELL, _SAMPLES).mean(axis=(1, 3)).astype(np.float32)
    paint = np.array(COLOURS[colour], dtype=np.float32)[:, None, None]
    return 1 - inside * (1 - paint)


def _inside(shape: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return which points lie in a shape that fills the square from -1 to 1."""
    if shape == "원":
        return x**2 + y**2 <= 1
    if shape == "네모":
        return np.maximum(abs(x), abs(y)) <= 0.93
    if shape == "세모":
        return (y >= -0.93) & (abs(x) <= (1 - y) * 0.52)
    if shape == "하트":
        return x**2 + (1.15 * y + 0.3 - 0.95 * np.sqrt(abs(x))) ** 2 <= 0.98
    angle = np.abs((np.arctan2(x, y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)  # from the nearest of five points
    u, v = np.hypot(x, y) * np.cos(angle), np.hypot(x, y) * np.sin(angle)
    inner = 0.46 * np.array([np.cos(np.pi / 5), np.sin(np.pi / 5)])  # the notch between two points
    return (u - 1.1) * inner[1] + v * (1.1 - inner[0]) <= 0
