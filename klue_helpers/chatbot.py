"""A chatbot that looks its answer up: find by vectors, rank anew by pairs, else hand over (taught in lecture 6)."""

import json
import os
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from klue_helpers.errors import KlueError
from klue_helpers.files import replacing
from klue_helpers.text import has_slur, normalize

if TYPE_CHECKING:
    from klue_helpers.models import Encoder
    from klue_helpers.training.saved import TaskModel

Encode = Callable[[Sequence[str]], np.ndarray]  # texts to vectors, (n, d)
Rerank = Callable[[str, Sequence[str]], np.ndarray]  # a query and n questions to n scores, higher is closer
UNKNOWN = "잘 모르겠습니다. 다른 말로 한 번만 더 물어봐 주세요."
SAFE = "그 말에는 답하기 어렵습니다. 다른 이야기를 해 볼까요?"
_PROBE = 1e-3  # by how much a stored vector may differ from the same text's vector now


class Candidate(NamedTuple):
    """A stored question that was found: its cosine, and the score that decides (the cosine without ranking anew)."""

    question: str
    answer: str
    cosine: float
    score: float


@dataclass(frozen=True)
class Reply:
    """What the chatbot answers and why.

    Attributes
    ----------
    source : ``"retrieved"``, ``"generated"`` by the fallback, ``"unknown"``, or ``"refused"``: query or generated
        answer held a slur.
    candidates : what was found, best first; none where the query was refused.
    seconds : by stage: retrieve, rerank, generate.
    """

    answer: str
    source: str
    candidates: tuple[Candidate, ...]
    seconds: dict[str, float]

    def __str__(self) -> str:
        kind = {"retrieved": "찾은 답", "generated": "지어낸 답", "unknown": "모름", "refused": "거름"}[self.source]
        if not self.candidates:
            return f"{self.answer}\n  [{kind}]"
        best = self.candidates[0]
        numbers = f"점수 {best.score:.2f}, 코사인 {best.cosine:.2f}"
        return f"{self.answer}\n  [{kind}] 가장 가까운 질문: {best.question} ({numbers})"


@dataclass(frozen=True)
class QuestionIndex:
    """Questions with answers and unit-length vectors, (n, d) float32. Taught in lecture 6."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    vectors: np.ndarray = field(repr=False)

    def search(self, vector: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the closest questions and their cosines, closest first."""
        cosines = self.vectors @ _unit(np.asarray(vector, dtype=np.float32))  # (n,)
        count = min(count, len(cosines))
        best = np.argpartition(-cosines, count - 1)[:count]
        best = best[np.argsort(-cosines[best], kind="stable")]
        return best, cosines[best]

    def save(self, path: str | Path) -> None:
        """Write the index, whole or not at all."""
        texts = json.dumps([self.questions, self.answers], ensure_ascii=False).encode("utf-8")
        with replacing(path) as file:
            np.savez(file, texts=np.frombuffer(texts, dtype=np.uint8), vectors=self.vectors)


def load_index(path: str | Path) -> QuestionIndex:
    """Return a saved index. Taught in lecture 6.

    Raises
    ------
    KlueError : no such file, or one that is no index.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            questions, answers = json.loads(file["texts"].tobytes().decode("utf-8"))
            index = QuestionIndex(tuple(questions), tuple(answers), file["vectors"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise KlueError(f"{os.fspath(path)}에서 색인을 읽지 못했습니다. 파일을 지우고 build_index로 다시 "
                        "만드세요.") from error
    if not len(questions) == len(answers) == len(index.vectors):
        raise KlueError(f"{os.fspath(path)}의 질문과 벡터의 수가 다릅니다. 파일을 지우고 build_index로 다시 만드세요.")
    return index


def build_index(pairs: Sequence[tuple[str, str]], encode: Encode, *, path: str | Path | None = None) -> QuestionIndex:
    """Return the index of questions and answers; with a path, one that is there already is used again.

    Taught in lecture 6.

    Parameters
    ----------
    pairs : (question, answer). Of repeated questions the first one counts.
    encode : texts to vectors. They need not have unit length.
    path : ``.npz`` file. It is written anew where it holds other texts, or where the vectors of the first and the last
        question differ from what `encode` gives now: it was made by another network.

    Raises
    ------
    KlueError : no pairs.
    """
    texts: dict[str, str] = {}
    for question, answer in pairs:
        texts.setdefault(normalize(question), answer)
    if not texts:
        raise KlueError("색인에 넣을 질문이 없습니다. (질문, 답)의 목록을 주세요.")
    questions, answers = tuple(texts), tuple(texts.values())
    if path is not None and Path(path).is_file():
        stored = load_index(path)
        if (stored.questions, stored.answers) == (questions, answers) and _fits(stored, encode):
            return stored
    index = QuestionIndex(questions, answers, _unit(np.asarray(encode(questions), dtype=np.float32)))
    if path is not None:
        index.save(path)
    return index


@dataclass(frozen=True)
class Chatbot:
    """Answers from an index in two stages. Taught in lecture 6.

    Attributes
    ----------
    encode : the one that the index was made with.
    rerank : scores of the found questions as paraphrases of the query; None leaves the order of the cosines.
    weight : share of these scores in the one that decides; the rest is the cosine's. A weak re-ranker helps only so.
    fallback : gives an answer where the best score is below `threshold`; None says that it does not know.
    top : how many questions stage 1 finds.
    """

    index: QuestionIndex
    encode: Encode
    rerank: Rerank | None = None
    fallback: Callable[[str], str] | None = None
    threshold: float = 0.5
    top: int = 10
    weight: float = 1.0

    def __call__(self, query: str) -> Reply:
        """Return the reply to a query. Raises KlueError for one without any character.

        A query with a slur is not looked up, and a generated answer with one is not given: `SAFE` is said instead.
        """
        query = normalize(query)
        if not query.strip():
            raise KlueError("빈 말에는 답할 수 없습니다. 묻고 싶은 말을 적어 주세요.")
        if has_slur(query):
            return Reply(SAFE, "refused", (), {})
        seconds: dict[str, float] = {}
        candidates = self._ranked(query, _timed(seconds, "retrieve", lambda: self.retrieve(query)), seconds)
        if candidates[0].score >= self.threshold:
            return Reply(candidates[0].answer, "retrieved", candidates, seconds)
        if self.fallback is None:
            return Reply(UNKNOWN, "unknown", candidates, seconds)
        answer = _timed(seconds, "generate", lambda: self.fallback(query))
        if has_slur(answer):
            return Reply(SAFE, "refused", candidates, seconds)
        return Reply(answer, "generated", candidates, seconds)

    def retrieve(self, query: str) -> tuple[Candidate, ...]:
        """Stage 1: return the closest questions by cosine."""
        places, cosines = self.index.search(self.encode([query])[0], self.top)
        return tuple(Candidate(self.index.questions[place], self.index.answers[place], float(cosine), float(cosine))
                     for place, cosine in zip(places, cosines, strict=True))

    def _ranked(self, query: str, found: tuple[Candidate, ...], seconds: dict[str, float]) -> tuple[Candidate, ...]:
        """Stage 2: score the pairs of the query and each found question, and sort by that."""
        rerank = self.rerank
        if rerank is None:
            return found
        scores = _timed(seconds, "rerank", lambda: rerank(query, [one.question for one in found]))
        scored = [one._replace(score=(1 - self.weight) * one.cosine + self.weight * float(score))
                  for one, score in zip(found, scores, strict=True)]
        return tuple(sorted(scored, key=lambda one: -one.score))


def vectors_of(encoder: "Encoder", *, pooling: str = "mean") -> Encode:
    """Return `encode` for an encoder: its sentence vectors. Taught in lecture 6."""
    from klue_helpers.embeddings import sentence_vectors

    return lambda texts: sentence_vectors(encoder, texts, pooling=pooling)


def paraphrase_scores(trained: "TaskModel") -> Rerank:
    """Return `rerank` for a model fine-tuned for ``paraphrase``: the probability of "same". Taught in lecture 6."""
    same = trained.task.labels.names.index("same")

    def rerank(query: str, questions: Sequence[str]) -> np.ndarray:
        rows = [trained.task.row_of((query, question)) for question in questions]
        return np.array([one["probs"][same] for one in trained.predict(rows).predictions])

    return rerank


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _fits(index: QuestionIndex, encode: Encode) -> bool:
    """Say whether the first and the last question still have the stored vectors."""
    ends = [0, len(index.questions) - 1]
    now = _unit(np.asarray(encode([index.questions[place] for place in ends]), dtype=np.float32))
    return now.shape[1:] == index.vectors.shape[1:] and bool(np.allclose(now, index.vectors[ends], atol=_PROBE))


def _timed(seconds: dict[str, float], stage: str, run: Callable):
    """Return what the call gives and note how long it took."""
    began = time.perf_counter()
    result = run()
    seconds[stage] = time.perf_counter() - began
    return result
