"""Questions made from plain text, to teach a reader where answers stand (taught in lecture 7).

Two ideas: a statement becomes a question when its noun phrase gives way to a question word (Lewis et al. 2019), and a
phrase that comes back in a passage can be found without the statement that the question was made from (Ram et al.
2021). So the statement is taken out of half of the passages that name the answer again.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from klue_helpers.pretraining.corpus import sentences_of
from klue_helpers.text import kiwi

Row = dict[str, Any]

NOUNS = {"NNG", "NNP", "SL", "SN", "NNB", "XSN", "NR"}  # what a noun phrase is made of, in the Sejong tags of Kiwi
# Subject, object, topic, place, means, company, owner: what may follow an answer, with the form after 무엇.
PARTICLES = {"이": "이", "가": "이", "을": "을", "를": "을", "은": "은", "는": "은", "으로": "으로", "로": "으로",
             "에": "에", "에서": "에서", "와": "과", "과": "과", "의": "의"}
# 무엇 and 몇 개 end in a consonant; for the question words that end in a vowel the particle takes its other form.
_AFTER_VOWEL = {"이": "가", "을": "를", "은": "는", "으로": "로", "과": "와"}
CONTRACTED = {word + form: word + other for word in ("누구", "어디", "언제") for form, other in _AFTER_VOWEL.items()}
CONTRACTED |= {"누구이": "누가", "언제에": "언제"}
PERSON = re.compile(r"(?:자|인|원|장|관|사|왕|대통령|사용자|개발자|국민)$")
PLACE = re.compile(r"(?:국|시|도|구|군|학교|대학|병원|법원|국회|서버|폴더|디렉터리|디렉토리)$")
TIME = re.compile(r"^\d+(?:년|월|일|시|분|세기)|(?:날|때)$")
COUNT = re.compile(r"^\d[\d,.]*\s?(\D{1,3})$")
LONGEST_ANSWER, SHORTEST_CONTEXT, LONGEST_CONTEXT = 24, 120, 700  # characters
SHORTEST_SENTENCE, LONGEST_SENTENCE = 20, 160
DROPPED = 0.1  # share of the other words that a question loses, so that it is no copy of the statement
WITHOUT_STATEMENT = 0.5  # share of the passages that lose the statement, where the answer comes back elsewhere
_ENDINGS = [(re.compile(r"습니다[.]?$"), "습니까?"), (re.compile(r"(?<=.)니다[.]?$"), "니까?"),
            (re.compile(r"없다[.]?$"), "없는가?"), (re.compile(r"이다[.]?$"), "인가?")]
_FINALS, _FIRST = 28, 0xAC00  # forms of a syllable's end; the first Hangul syllable
_N, _SS = 4, 20  # numbers of the final consonants ㄴ and ㅆ
_STATEMENT = re.compile(r"^[^()\[\]:;]*다\.?$")


@dataclass(frozen=True)
class Answer:
    """A noun phrase of a sentence and the particle behind it, as places in the sentence."""

    start: int
    end: int
    particle: str
    particle_end: int


def cloze_questions(documents: Iterable[Sequence[str]], *, seed: int = 0, most: int = 4) -> Iterator[Row]:
    """Yield reading examples made from documents, each with one answer that stands in its context. Taught in lecture 7.

    Parameters
    ----------
    documents : each a sequence of paragraphs.
    seed : the same seed gives the same questions.
    most : questions from one passage at most.

    Yields
    ------
    dict with ``id``, ``title`` (empty), ``context``, ``question`` and ``answers`` as KorQuAD 1.0 has them.

    Source: Lewis et al. 2019, "Unsupervised question answering by cloze translation"; Ram et al. 2021, "Few-shot
    question answering by pretraining span selection".
    """
    rng = random.Random(seed)
    number = 0
    for document in documents:
        for passage in passages_of(document):
            for row in _questions_of(passage, rng, most):
                number += 1
                yield {"id": f"cloze-{number}", "title": "", **row}


def passages_of(document: Sequence[str]) -> Iterator[list[str]]:
    """Yield runs of neighbouring sentences that make a context of a fair length.

    Examples
    --------
    >>> [len(passage) for passage in passages_of(["봄이 왔다. " * 60])]
    [60]
    """
    passage: list[str] = []
    for sentence in (sentence for line in document for sentence in sentences_of(line)):
        if passage and len(" ".join([*passage, sentence])) > LONGEST_CONTEXT:
            yield passage
            passage = []
        passage.append(sentence)
    if len(" ".join(passage)) >= SHORTEST_CONTEXT:
        yield passage


def _questions_of(passage: list[str], rng: random.Random, most: int) -> Iterator[Row]:
    """Yield up to `most` questions about one passage, each from another sentence."""
    fitting = [number for number, sentence in enumerate(passage)
               if SHORTEST_SENTENCE <= len(sentence) <= LONGEST_SENTENCE and _STATEMENT.match(sentence)]
    made = 0
    for number in rng.sample(fitting, len(fitting)):
        answers = find_answers(passage[number])
        if not answers or made == most:
            continue
        answer = rng.choice(answers)
        row = _row(passage, number, answer, rng)
        if row:
            made += 1
            yield row


def _row(passage: list[str], number: int, answer: Answer, rng: random.Random) -> Row | None:
    sentence = passage[number]
    text = sentence[answer.start:answer.end]
    rest = [other for place, other in enumerate(passage) if place != number]
    alone = any(text in other for other in rest) and rng.random() < WITHOUT_STATEMENT
    kept = rest if alone else passage
    context = " ".join(kept)
    if len(context) < SHORTEST_CONTEXT:
        return None
    start = context.index(text) if alone else sum(len(one) + 1 for one in passage[:number]) + answer.start
    question = to_question(sentence, answer, rng)
    return {"context": context, "question": question, "answers": {"text": [text], "answer_start": [start]}}


def find_answers(sentence: str) -> list[Answer]:
    """Return the noun phrases that begin a word and that a particle follows: what one can ask for.

    Examples
    --------
    >>> sentence = "이 함수는 목록의 길이를 반환합니다."
    >>> [sentence[answer.start:answer.end] for answer in find_answers(sentence)]
    ['함수', '목록', '길이']
    """
    answers, start, end = [], None, 0
    for token in kiwi().tokenize(sentence):
        if token.tag in NOUNS:
            begins_word = token.start == 0 or sentence[token.start - 1] == " "
            if start is None and begins_word and token.tag not in ("NNB", "XSN"):  # these lean on what is before them
                start = token.start
        else:
            asked_for = token.start == end and token.form in PARTICLES and token.tag.startswith("J")
            if start is not None and asked_for and 2 <= end - start <= LONGEST_ANSWER:
                answers.append(Answer(start, end, token.form, token.end))
            start = None
        end = token.end
    return answers


def to_question(sentence: str, answer: Answer, rng: random.Random) -> str:
    """Return the sentence as a question: a question word for the answer, a questioning end, some words gone.

    Examples
    --------
    >>> sentence = "이 함수는 목록의 길이를 반환합니다."
    >>> to_question(sentence, find_answers(sentence)[2], random.Random(1))
    '이 함수는 목록의 무엇을 반환합니까?'
    """
    word = question_word(sentence[answer.start:answer.end]) + PARTICLES[answer.particle]
    word = CONTRACTED.get(word, word)
    before, after = sentence[:answer.start].split(), sentence[answer.particle_end:].split()
    keep = [part for part in before if rng.random() >= DROPPED]
    glued = [word + after[0]] if after and not sentence[answer.particle_end:answer.particle_end + 1].isspace() else None
    tail = after[1:] if glued else after
    tail = [part for part in tail[:-1] if rng.random() >= DROPPED] + tail[-1:]
    return ask(" ".join([*keep, *(glued or [word]), *tail]))


def question_word(answer: str) -> str:
    """Return what asks for such an answer.

    Examples
    --------
    >>> [question_word(answer) for answer in ("길이", "위원장", "서울시", "1988년", "3개")]
    ['무엇', '누구', '어디', '언제', '몇 개']
    """
    if TIME.search(answer):
        return "언제"
    if counted := COUNT.match(answer):
        return f"몇 {counted[1].strip()}"
    if PERSON.search(answer) and not answer.isascii():
        return "누구"
    return "어디" if PLACE.search(answer) else "무엇"


def ask(statement: str) -> str:
    """Return the statement with the end of a question.

    Examples
    --------
    >>> [ask(text) for text in ("값을 반환합니다.", "권리를 가진다.", "값이 있다.", "그것은 목록이다.", "끝났다.")]
    ['값을 반환합니까?', '권리를 가지는가?', '값이 있는가?', '그것은 목록인가?', '끝났는가?']
    """
    text = statement.rstrip(" .!?…")
    for ending, question in _ENDINGS:
        if ending.search(text):
            return ending.sub(question, text)
    if len(text) > 1 and text.endswith("다"):
        final = (ord(text[-2]) - _FIRST) % _FINALS
        if final == _N:  # 가진다, 한다
            return text[:-2] + chr(ord(text[-2]) - _N) + "는가?"
        if final == _SS:  # 있다, 끝났다
            return text[:-1] + "는가?"
    return text + "?"
