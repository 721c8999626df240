"""The two-stage chatbot: order, threshold, fallback, an index that is saved and used again."""

import numpy as np
import pytest

from klue_helpers.chatbot import SAFE, UNKNOWN, Chatbot, build_index, load_index, paraphrase_scores, vectors_of
from klue_helpers.errors import KlueError
from klue_helpers.models import load_encoder
from klue_helpers.training.saved import TaskModel

PAIRS = [("비가 와?", "우산을 챙기세요."), ("배고파", "밥부터 먹어요."), ("졸려", "일찍 주무세요."),
         ("배고파", "두 번째 답")]
LETTERS = "가고와비배졸파려"


def letters(texts):
    """Count a few letters: vectors that can be worked out by hand."""
    return np.array([[text.count(letter) + 0.0 for letter in LETTERS] for text in texts])


def test_index_keeps_the_first_of_repeated_questions_with_unit_vectors():
    index = build_index(PAIRS, letters)
    assert index.questions == ("비가 와?", "배고파", "졸려")
    assert index.answers[1] == "밥부터 먹어요."
    assert np.allclose(np.linalg.norm(index.vectors, axis=1), 1)


def test_search_gives_cosines_in_order():
    index = build_index(PAIRS, letters)
    places, cosines = index.search(letters(["배고파 졸려"])[0], 5)  # 배고파: 3/√3√5, 졸려: 2/√2√5
    assert places.tolist() == [1, 2, 0]
    assert np.allclose(cosines, [np.sqrt(3 / 5), np.sqrt(2 / 5), 0])
    assert index.search(letters(["졸려"])[0], 1)[0].tolist() == [2]


def test_reply_is_retrieved_from_the_threshold_on_and_unknown_below_it():
    index = build_index(PAIRS, letters)
    cosine = float(np.sqrt(3 / 5))
    reply = Chatbot(index, letters, threshold=cosine - 1e-5)("배고파 졸려")
    assert (reply.answer, reply.source) == ("밥부터 먹어요.", "retrieved")
    assert "배고파" in str(reply) and set(reply.seconds) == {"retrieve"}
    below = Chatbot(index, letters, threshold=cosine + 1e-5)("배고파 졸려")
    assert (below.answer, below.source) == (UNKNOWN, "unknown")


def test_ranking_anew_changes_the_answer_and_sees_only_what_was_found():
    seen = []

    def rerank(query, questions):
        seen.append((query, list(questions)))
        return np.array([0.2, 0.9])

    reply = Chatbot(build_index(PAIRS, letters), letters, rerank=rerank, top=2)("배고파 졸려")
    assert seen == [("배고파 졸려", ["배고파", "졸려"])]
    assert reply.answer == "일찍 주무세요." and [one.score for one in reply.candidates] == [0.9, 0.2]
    assert reply.candidates[0].cosine == pytest.approx(np.sqrt(2 / 5))


def test_weight_mixes_the_score_with_the_cosine():
    def rerank(query, questions):
        return np.array([0.0, 1.0])  # 배고파, 졸려

    cosines = np.sqrt([3 / 5, 2 / 5])
    index = build_index(PAIRS, letters)
    bots = [Chatbot(index, letters, rerank=rerank, top=2, weight=weight) for weight in (0.0, 0.1, 0.2)]
    best = [bot("배고파 졸려").candidates[0] for bot in bots]
    assert [one.question for one in best] == ["배고파", "배고파", "졸려"]
    assert [one.score for one in best] == pytest.approx([cosines[0], 0.9 * cosines[0], 0.8 * cosines[1] + 0.2])


def test_a_user_who_swears_gets_a_safe_word_and_nobody_is_asked():
    asked = []

    def note(query):
        asked.append(query)
        return "음"

    bot = Chatbot(build_index(PAIRS, letters), letters, threshold=2.0, fallback=note)
    reply = bot("배고파 지 랄")  # a space does not hide it
    assert (reply.answer, reply.source, reply.candidates, asked) == (SAFE, "refused", (), [])
    assert str(reply) == f"{SAFE}\n  [거름]"
    assert bot("시발역에서 배고파").source == "generated" and asked  # a harmless word with the same letters


def test_a_written_answer_with_a_slur_is_not_given():
    bot = Chatbot(build_index(PAIRS, letters), letters, threshold=0.99, fallback=lambda query: "지랄하네")
    reply = bot("배고파 졸려")
    assert (reply.answer, reply.source) == (SAFE, "refused") and SAFE in str(reply) and "배고파" in str(reply)


def test_fallback_gets_the_query_only_below_the_threshold():
    asked = []
    index = build_index(PAIRS, letters)
    bot = Chatbot(index, letters, threshold=0.99, fallback=lambda query: asked.append(query) or "음")
    assert bot("배고파").source == "retrieved" and asked == []
    reply = bot("비비비 배고파")
    assert (reply.answer, reply.source, asked) == ("음", "generated", ["비비비 배고파"])
    assert set(reply.seconds) == {"retrieve", "generate"}


def test_saved_index_is_used_again(tmp_path):
    calls = []

    def encode(texts):
        calls.append(len(texts))
        return letters(texts)

    path = tmp_path / "새 폴더" / "index.npz"
    first = build_index(PAIRS, encode, path=path)
    again = build_index(PAIRS, encode, path=path)
    assert calls == [3, 2]  # all of them, then the first and the last only
    assert again.questions == first.questions and np.array_equal(again.vectors, first.vectors)
    assert [one.name for one in path.parent.iterdir()] == ["index.npz"]


@pytest.mark.parametrize("change", ["texts", "answers", "network", "size"])
def test_saved_index_of_something_else_is_made_anew(tmp_path, change):
    path = tmp_path / "index.npz"
    build_index(PAIRS, letters, path=path)
    pairs = {"texts": [*PAIRS, ("와", "네")], "answers": [("비가 와?", "아니요."), *PAIRS[1:]]}.get(change, PAIRS)
    encode = {"network": lambda texts: letters(texts)[:, ::-1].copy(),
              "size": lambda texts: letters(texts)[:, :7]}.get(change, letters)
    index = build_index(pairs, encode, path=path)
    assert np.allclose(index.vectors, build_index(pairs, encode).vectors)
    assert (load_index(path).questions, load_index(path).answers) == (index.questions, index.answers)


@pytest.mark.parametrize("content", [b"", b"not an index", None])
def test_broken_index_is_told(tmp_path, content):
    path = tmp_path / "index.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KlueError, match="build_index"):
        load_index(path)


def test_index_with_fewer_vectors_is_told(tmp_path):
    index = build_index(PAIRS, letters)
    path = tmp_path / "index.npz"
    type(index)(index.questions, index.answers, index.vectors[:2]).save(path)
    with pytest.raises(KlueError, match="수가 다릅니다"):
        load_index(path)


def test_nothing_to_index_and_nothing_asked_are_told():
    with pytest.raises(KlueError, match="질문이 없습니다"):
        build_index([], letters)
    with pytest.raises(KlueError, match="빈 말"):
        Chatbot(build_index(PAIRS, letters), letters)("  ")


def test_own_question_is_found_by_the_shipped_encoder():
    bot = Chatbot(build_index(PAIRS, vectors_of(encoder := load_encoder("klue-mini-bert"))), vectors_of(encoder))
    for question, answer in PAIRS[:3]:
        reply = bot(question)
        assert reply.answer == answer and reply.candidates[0].cosine == pytest.approx(1, abs=1e-4)


def test_paraphrase_scores_are_the_probability_of_same():
    from klue_helpers.tasks import load_task

    task = load_task("paraphrase")
    tokenizer, model = task.new_model("klue-mini-bert")
    scores = paraphrase_scores(TaskModel(task, tokenizer, model, "klue-mini-bert", 64))("배고파", ["밥 먹자", "졸려"])
    probs = [one["probs"] for one in TaskModel(task, tokenizer, model, "klue-mini-bert", 64).predict(
        [{"question1": "배고파", "question2": other} for other in ("밥 먹자", "졸려")]).predictions]
    assert scores.tolist() == [pair[0] for pair in probs] and task.labels.names[0] == "same"
