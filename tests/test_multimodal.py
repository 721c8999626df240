"""The world of shapes, its captions and questions, the two-stream model, the VQ-VAE and the painter."""

import hashlib
import json
import re

import numpy as np
import pytest
import torch
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_helpers import KlueError
from klue_helpers.multimodal.codes import PictureCodes, code_losses, straight_through, train_codes
from klue_helpers.multimodal.language import (
    ALL_ANSWERS,
    ANSWERS,
    LENGTH,
    PIECES,
    Caption,
    Claim,
    caption_texts,
    describe,
    encode_texts,
    single_captions,
    split_pieces,
    with_particle,
)
from klue_helpers.multimodal.painter import (
    Painter,
    paint_texts,
    painting_scores,
    painting_tensors,
    train_painter,
)
from klue_helpers.multimodal.questions import draw_questions, questions_about
from klue_helpers.multimodal.saved import load_painter, new_painter, save_painter
from klue_helpers.multimodal.two_stream import (
    TwoStream,
    accuracy_by_kind,
    answer_questions,
    question_tensors,
    train_two_stream,
)
from klue_helpers.multimodal.world import (
    COLOURS,
    HELD_OUT,
    PLACES,
    SHAPES,
    SIDE,
    SIZES,
    Scene,
    Thing,
    all_scenes,
    draw_scenes,
    read_picture,
    render,
)

THINGS = st.builds(Thing, *(st.sampled_from(list(known)) for known in (SHAPES, COLOURS, SIZES, PLACES)))
SCENES = st.lists(THINGS, min_size=1, max_size=2, unique_by=lambda thing: thing.place).map(
    lambda things: Scene(tuple(things)))
STAR = Thing("별", "파란", "큰", "왼쪽 위")
HEART = Thing("하트", "빨간", "작은", "오른쪽 아래")


def pictures_of(scenes):
    return torch.from_numpy(np.stack([render(scene) for scene in scenes]))


# ---- the world

def test_every_picture_reads_back_as_its_scene():
    count = 0
    for scene in all_scenes():
        read = read_picture(render(scene))
        assert read.things == scene.things and read.error == 0
        count += 1
    assert count == 240 + 21_600


def test_all_pictures_differ_and_stay_within_colours():
    pictures = np.stack([render(scene) for scene in all_scenes(1)])
    assert len(np.unique(pictures.round(3).reshape(240, -1), axis=0)) == 240
    assert pictures.min() >= 0 and pictures.max() == 1 and pictures.shape == (240, 3, SIDE, SIDE)


def test_a_picture_reads_back_through_noise():
    rng = np.random.default_rng(0)
    for scene in draw_scenes(100, rng):
        assert read_picture(render(scene) + rng.normal(0, 0.1, (3, SIDE, SIDE))).things == scene.things


def test_reading_tells_how_far_the_pixels_are():
    assert read_picture(np.ones((3, SIDE, SIDE))).things == ()
    grey = np.full((3, SIDE, SIDE), 0.5)
    assert read_picture(grey).error > 0.2


def test_order_of_things_is_that_of_places():
    assert Scene((HEART, STAR)) == Scene((STAR, HEART)) and Scene((HEART, STAR)).things[0] == STAR


@pytest.mark.parametrize("things", [(), (STAR, Thing("원", "빨간", "큰", "왼쪽 위")),
                                    tuple(Thing("원", "빨간", "큰", place) for place in PLACES[:3])])
def test_impossible_scenes_are_refused(things):
    with pytest.raises(KlueError, match="하나나 둘"):
        Scene(things)


def test_unknown_words_and_pictures_of_another_size_are_refused():
    with pytest.raises(KlueError, match=r"오각형.*쓸 수 있는 말: 원"):
        Thing("오각형", "빨간", "큰", "왼쪽 위")
    with pytest.raises(KlueError, match=r"\(24, 24, 3\)"):
        read_picture(np.ones((24, 24, 3)))


def test_training_never_shows_a_held_out_pair_and_shows_all_others():
    scenes = draw_scenes(3_000, np.random.default_rng(1))
    seen = {(thing.colour, thing.shape) for scene in scenes for thing in scene.things}
    assert not seen & HELD_OUT and not any(scene.held_out for scene in scenes)
    assert len(seen) == len(SHAPES) * len(COLOURS) - len(HELD_OUT)
    assert {shape for _, shape in HELD_OUT} == set(SHAPES)
    assert len({colour for colour, _ in HELD_OUT}) == len(HELD_OUT)


# ---- captions

@pytest.mark.parametrize(("noun", "pair", "text"), [
    ("원", "이/가", "원이"), ("하트", "이/가", "하트가"), ("빨간 별", "을/를", "빨간 별을"),
    ("세모", "과/와", "세모와"), ("네모", "은/는", "네모는"), ("별", "과/와", "별과")])
def test_particles(noun, pair, text):
    assert with_particle(noun, pair) == text


@pytest.mark.parametrize("noun", ["", "star", "별3"])
def test_particle_needs_a_syllable(noun):
    with pytest.raises(KlueError, match="조사를 고를 수 없습니다"):
        with_particle(noun, "이/가")


def test_captions_read_like_korean():
    both = [Claim("별", "노란", "큰", "왼쪽 위"), Claim("하트", "빨간", None, "오른쪽 아래")]
    assert caption_texts(both)[0] == "왼쪽 위에는 큰 노란 별이, 오른쪽 아래에는 빨간 하트가 있습니다"
    assert caption_texts([Claim("원", "파란")])[:3] == ["파란 원", "파란 원 하나", "파란 원이 하나 있습니다"]
    for caption in single_captions():
        assert not re.search("[원별][가와를는]|[모트][이과을은]", caption.text)


@given(SCENES, st.integers(0, 2**32 - 1))
def test_a_caption_is_true_of_its_scene_and_fits_the_model(scene, seed):
    caption = describe(scene, np.random.default_rng(seed))
    assert caption.fits(scene.things) and caption.fits_looks(scene.things)
    assert caption.held_out == scene.held_out
    pieces = split_pieces(caption.text)
    assert len(pieces) <= LENGTH and "".join(pieces) == re.sub("[ ,]", "", caption.text)


def test_a_caption_is_not_true_of_other_things():
    caption = Caption("큰 파란 별", (Claim("별", "파란", "큰"),))
    assert caption.fits([STAR])
    for other in (Thing("원", "파란", "큰", "왼쪽 위"), Thing("별", "빨간", "큰", "왼쪽 위")):
        assert not caption.fits([other]) and not caption.fits_looks([other])
    small = Thing("별", "파란", "작은", "왼쪽 위")
    assert not caption.fits([small]) and caption.fits_looks([small])
    assert not caption.fits([STAR, HEART]) and not caption.fits_looks([STAR, HEART]) and not caption.fits([])
    swapped = Caption("빨간 별과 파란 하트", (Claim("별", "빨간"), Claim("하트", "파란")))
    assert not swapped.fits([STAR, HEART]) and not swapped.fits_looks([STAR, HEART])


def test_single_captions_are_all_there():
    captions = single_captions()
    assert len(captions) == len({caption.text for caption in captions}) == 1_800
    assert sum(caption.held_out for caption in captions) == 300


def test_pieces_are_numbered_and_filled_up():
    row = encode_texts(["큰 별이 있습니다."])[0]
    assert [PIECES[number] for number in row[:4]] == ["큰", "별", "이", "있습니다"]
    assert row.shape == (LENGTH,) and not row[4:].any()
    with pytest.raises(KlueError, match="분홍"):
        encode_texts(["분홍색 별"])
    with pytest.raises(KlueError, match="조각이 17개"):
        encode_texts(["별 " * 17])


# ---- questions

def truth(question):
    """Answer a question from its words alone and the scene's pixels: a second way to the answer."""
    things, text = read_picture(render(question.scene)).things, question.text
    named = [thing for thing in things
             if (thing.shape in text or not any(shape in text for shape in SHAPES))
             and (thing.colour in text or not any(colour in text for colour in COLOURS))]
    if question.kind == "유무":
        return "예" if named else "아니요"
    if question.kind == "개수":
        return ("없습니다", "하나", "둘")[len(named)]
    (thing,) = named
    return {"색": thing.colour if thing.colour.endswith("색") else f"{thing.colour}색", "모양": thing.shape,
            "크기": {"큰": "큽니다", "작은": "작습니다"}[thing.size], "위치": thing.place}[question.kind]


@given(SCENES, st.sampled_from(list(ANSWERS)))
def test_answers_are_true_of_the_picture(scene, kind):
    for question in questions_about(scene, kind):
        assert question.answer == truth(question) and question.answer in ANSWERS[kind]
        assert len(split_pieces(question.text)) <= LENGTH


def test_drawn_questions_are_balanced_and_hold_nothing_back():
    questions = draw_questions(3_000, np.random.default_rng(0))
    for kind, answers in ANSWERS.items():
        counts = {answer: sum(q.kind == kind and q.answer == answer for q in questions) for answer in answers}
        assert sum(counts.values()) == 500
        assert max(counts.values()) < 1.4 * 500 / len(answers), counts
    assert not any(question.scene.held_out for question in questions)


def test_a_no_is_about_parts_that_are_there():
    scene = Scene((STAR, HEART))
    asked = {question.text: question.answer for question in questions_about(scene, "유무")}
    assert asked == {"파란 별이 있습니까?": "예", "빨간 하트가 있습니까?": "예", "빨간 별이 있습니까?": "아니요",
                     "파란 하트가 있습니까?": "아니요"}


def test_questions_come_from_the_scenes_given():
    scenes = [scene for scene in all_scenes() if all(thing.held_out for thing in scene.things)]
    drawn = draw_questions(600, np.random.default_rng(0), scenes=scenes)
    assert all(question.scene in set(scenes) for question in drawn)
    colours = {question.answer for question in drawn if question.kind == "색"}
    assert colours == {"노란색", "파란색", "보라색", "빨간색", "검은색"}
    with pytest.raises(KlueError, match="물을 것이 없습니다"):
        draw_questions(6, np.random.default_rng(0), scenes=[])


# ---- two streams

@pytest.fixture(scope="module")
def asked():
    questions = draw_questions(240, np.random.default_rng(2))
    return questions, question_tensors(questions)


def test_two_stream_shapes_and_shares(asked):
    _, data = asked
    torch.manual_seed(0)
    scores, maps = TwoStream(16, heads=2).eval()(data.texts[:5], data.pictures[:5])
    longest = int((data.texts[:5] != 0).sum(dim=1).max())
    assert scores.shape == (5, len(ALL_ANSWERS)) and [tuple(m.shape) for m in maps] == [(5, 1 + longest, 4)] * 2
    assert torch.allclose(maps[0].sum(dim=-1), torch.ones(5, 1 + longest), atol=1e-5)


def test_filling_up_changes_no_answer_and_the_picture_does(asked):
    _, data = asked
    torch.manual_seed(0)
    network = TwoStream(16, heads=2).eval()
    with torch.no_grad():
        before = network(data.texts[:5], data.pictures[:5])[0]
        network.pieces.weight[0] += 10.0
        assert torch.allclose(before, network(data.texts[:5], data.pictures[:5])[0], atol=1e-4)
        assert not torch.allclose(before, network(data.texts[:5], torch.ones_like(data.pictures[:5]))[0], atol=1e-4)


def test_two_stream_learns_and_the_blind_one_cannot_see(asked):
    questions, data = asked
    torch.manual_seed(0)
    network = TwoStream(32, heads=2, layers=1)
    losses = train_two_stream(network, data, steps=60, batch_size=32)
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.5
    answers = answer_questions(network, data)
    assert len(answers) == 240 and accuracy_by_kind(questions, answers)["모두"] > 0.2
    torch.manual_seed(0)
    blind = TwoStream(16, heads=2, layers=1)
    before = blind.features[0].weight.clone()
    train_two_stream(blind, data, steps=2, batch_size=8, blind=True)
    assert (blind.features[0].weight.grad == 0).all() and torch.allclose(before, blind.features[0].weight, atol=1e-2)


def test_accuracy_by_kind_counts_each_kind():
    questions = draw_questions(12, np.random.default_rng(0))
    table = accuracy_by_kind(questions, [q.answer if q.kind in ("색", "개수") else "?" for q in questions])
    assert table["색"] == table["개수"] == 1 and table["모양"] == 0 and table["모두"] == pytest.approx(1 / 3)


def test_heads_must_divide_the_size():
    with pytest.raises(KlueError, match="머리의 배수"):
        TwoStream(30, heads=4)


# ---- codes

def test_straight_through_passes_the_gradient_as_it_is():
    vectors = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    chosen = torch.tensor([[1.5, 2.0], [0.0, 4.5]])
    passed = straight_through(vectors, chosen)
    assert torch.equal(passed.detach(), chosen)
    (passed * torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert torch.equal(vectors.grad, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


def test_nearest_code_is_the_nearest():
    network = PictureCodes(4, code_size=2, size=8)
    network.codebook.data = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
    vectors = torch.tensor([[[0.9, 0.2], [0.1, 0.2], [4.0, 4.0], [-1.0, 3.0]]])
    assert network.nearest(vectors).tolist() == [[1, 0, 3, 2]]


def test_each_part_of_the_loss_moves_its_own_weights():
    torch.manual_seed(0)
    network, pictures = PictureCodes(8, size=8, code_size=4), pictures_of(draw_scenes(4, np.random.default_rng(0)))
    moved = []
    for number in range(3):
        network.zero_grad()
        code_losses(network, pictures)[number].backward()
        moved.append([weight.grad is not None and bool(weight.grad.abs().sum() > 0)
                      for weight in (network.encoder[0].weight, network.codebook, network.decoder[0].weight)])
    assert moved == [[True, False, True], [False, True, False], [True, False, False]]


def test_book_is_filled_with_vectors_that_differ():
    torch.manual_seed(0)
    network, pictures = PictureCodes(8, size=8, code_size=4), pictures_of(draw_scenes(30, np.random.default_rng(0)))
    network.fill_codebook(pictures)
    gaps = torch.cdist(network.codebook.detach(), network.codebook.detach()) + torch.eye(8)
    assert gaps.min() > 1e-4
    vectors = network.vectors(pictures).detach().flatten(0, 1)
    assert torch.cdist(network.codebook.detach(), vectors).min(dim=1)[0].max() < 1e-3


def test_codes_learn_to_draw():
    torch.manual_seed(0)
    pictures = pictures_of(draw_scenes(300, np.random.default_rng(0)))
    network = PictureCodes(64, size=32)
    losses = train_codes(network, pictures, steps=90, batch_size=32)
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])
    painted = network.decode(network.encode(pictures[:3]))
    assert painted.shape == (3, 3, SIDE, SIDE) and painted.min() >= 0 and painted.max() <= 1


def test_patches_must_fill_the_picture():
    with pytest.raises(KlueError, match="5픽셀"):
        PictureCodes(patch=5)


# ---- painter

@pytest.fixture(scope="module")
def painter():
    torch.manual_seed(0)
    codes = PictureCodes(12, size=8, code_size=4)
    codes.fill_codebook(pictures_of(draw_scenes(20, np.random.default_rng(0))))
    return codes, Painter(codes, size=16, layers=2, heads=2)


def test_a_code_is_written_without_seeing_itself_or_later_ones(painter):
    _, network = painter
    texts = torch.from_numpy(encode_texts(["빨간 원", "파란 세모 하나"]))
    written = torch.randint(12, (2, 16), generator=torch.Generator().manual_seed(0))
    before = network(texts, written)
    for place in range(16):
        changed = written.clone()
        changed[:, place] = (changed[:, place] + 1) % 12
        after = network(texts, changed)
        assert torch.allclose(before[:, :place + 1], after[:, :place + 1], atol=1e-5)
        assert place == 15 or not torch.allclose(before[:, place + 1], after[:, place + 1], atol=1e-5)


def test_writing_step_by_step_agrees_with_the_forward_pass(painter):
    _, network = painter
    texts = torch.from_numpy(encode_texts(["빨간 원", "왼쪽 위의 검은 별"]))
    written = network.write(texts)
    assert torch.equal(network(texts, written).argmax(dim=-1), written)
    drawn = [network.write(texts, temperature=1.0, generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*drawn)


def test_the_painter_learns_and_leaves_the_book(painter):
    codes, network = painter
    book = codes.codebook.detach().clone()
    texts, written = painting_tensors(draw_scenes(200, np.random.default_rng(0)), codes, np.random.default_rng(1))
    assert texts.shape == (200, LENGTH) and written.shape == (200, 16)
    losses = train_painter(network, texts, written, steps=40, batch_size=32)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.5
    assert torch.equal(book, codes.codebook.detach())
    pictures = paint_texts(["빨간 원", "파란 별"], network, codes)
    assert pictures.shape == (2, 3, SIDE, SIDE)
    with pytest.raises(KlueError, match="그릴 글이 없습니다"):
        paint_texts([], network, codes)


@settings(max_examples=20)
@given(st.lists(SCENES, min_size=1, max_size=5))
def test_scores_are_perfect_on_true_pictures_and_nought_on_empty_ones(scenes):
    captions = [describe(scene, np.random.default_rng(0)) for scene in scenes]
    assert painting_scores(captions, np.stack([render(scene) for scene in scenes])) == (1.0, 1.0)
    assert painting_scores(captions, np.ones((len(scenes), 3, SIDE, SIDE))) == (0.0, 0.0)


# ---- the shipped painter

FOLDER = ROOT / "klue_helpers" / "models" / "klue-mini-painter"


def test_shipped_painter_draws_what_captions_say():
    trained = load_painter()
    captions = [caption for caption in single_captions() if not caption.held_out][::10]
    pictures = paint_texts([c.text for c in captions], trained.painter, trained.codes)
    looks, everything = painting_scores(captions, pictures)
    assert looks > 0.97 and everything > 0.95
    rng = np.random.default_rng(7)
    captions = [describe(scene, rng) for scene in draw_scenes(120, rng, single=0)]
    assert painting_scores(captions, paint_texts([c.text for c in captions], trained.painter, trained.codes))[0] > 0.8


def test_card_of_the_shipped_painter_tells_its_file_and_its_scores():
    card, weights = (FOLDER / "README.md").read_text(encoding="utf-8"), (FOLDER / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() in card and f"{len(weights):,}바이트" in card
    assert len(weights) < 3 * 2**20
    measured = json.loads((ROOT / "benchmarks" / "klue-mini-painter.json").read_text(encoding="utf-8"))
    assert f"{measured['cpu_seconds']}초" in card and f"--painter-steps {measured['recipe']['painter_steps']}" in card
    names = ["single, seen", "single, held-out", "pair, seen", "pair, held-out"]
    rows = re.findall(r"^\| 도형 .+?\| ([\d,]+) \| ([\d.]+)% \| ([\d.]+)% \|$", card, flags=re.MULTILINE)
    assert [(f"{s['n']:,}", f"{s['looks']:.1%}", f"{s['all']:.1%}") for s in map(measured["scores"].get, names)] == [
        (count, f"{looks}%", f"{said}%") for count, looks, said in rows]


def test_painter_comes_back_as_it_was_saved(tmp_path):
    sizes = {"codes": {"count": 8, "size": 8, "code_size": 4}, "painter": {"size": 8, "layers": 1, "heads": 2}}
    torch.manual_seed(0)
    trained = new_painter(sizes)
    save_painter(trained, tmp_path / "새 모델", sizes)
    again = load_painter(tmp_path / "새 모델")
    texts, codes = torch.from_numpy(encode_texts(["빨간 원"])), torch.arange(16)[None] % 8
    assert torch.allclose(trained.painter(texts, codes), again.painter(texts, codes), atol=0.02)
    assert torch.allclose(trained.codes.codebook, again.codes.codebook, atol=1e-2)


@pytest.mark.parametrize("spoil", [lambda folder: (folder / "config.json").unlink(),
                                   lambda folder: (folder / "config.json").write_text("{}", encoding="utf-8"),
                                   lambda folder: (folder / "model.safetensors").write_bytes(b"1234567890")])
def test_a_spoilt_painter_is_told(tmp_path, spoil):
    sizes = {"codes": {"count": 8, "size": 8, "code_size": 4}, "painter": {"size": 8, "layers": 1, "heads": 2}}
    save_painter(new_painter(sizes), tmp_path, sizes)
    spoil(tmp_path)
    with pytest.raises(KlueError, match="save_painter로 다시 저장하세요"):
        load_painter(tmp_path)
