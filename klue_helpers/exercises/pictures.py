"""Exercises of lecture 10 on pictures and words (taught in lecture 10)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q6 = '''import numpy as np

def quantize(vectors, book):
    gaps = ((vectors[:, None, :] - book[None, :, :]) ** 2).sum(axis=-1)
    numbers = gaps.argmin(axis=1)
    return numbers, ((vectors - book[numbers]) ** 2).mean()'''

_BOOK = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
q6 = Exercise(
    name="q6",
    title="가장 가까운 코드",
    question=(
        "NumPy로 `quantize(vectors, book)`를 완성하세요. `vectors`는 (n, d)인 벡터, `book`은 (k, d)인 코드북입니다. "
        "벡터마다 거리가 가장 가까운 코드의 번호를 담은 (n,)인 정수 배열과, 벡터와 고른 코드의 차이를 **제곱해 모든 "
        "수에 대해 평균한** 값을 `(numbers, gap)`으로 돌려줍니다. 거리가 같으면 앞의 번호입니다."
    ),
    answer="quantize",
    blank="import numpy as np\n\ndef quantize(vectors, book):\n    ...  # 여기를 채우세요",
    source=_Q6,
    explanation=(
        "가까움은 내적이 아니라 거리로 잽니다. 내적으로 고르면 긴 코드가 덮어놓고 뽑혀 다른 코드가 놀게 됩니다. 평균한 "
        "값이 코드를 옮기는 손실이자 벡터를 붙드는 손실이고, 둘은 기울기를 어느 쪽에 막느냐만 다릅니다."
    ),
    hints=(
        "vectors[:, None]과 book[None]을 빼면 모양이 (n, k, d)가 됩니다.",
        "마지막 축으로 제곱을 더하면 (n, k)인 거리의 제곱입니다. 줄마다 argmin을 구하세요.",
        "고른 코드는 book[numbers]이고 모양이 (n, d)입니다. 평균은 n × d개의 수에 대한 것입니다.",
    ),
    cases=(
        Case((np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 5.0]]), _BOOK), (np.array([0, 1, 2]), 1.0),
             "7.1절의 보기입니다. 차이가 모두 1이니 평균도 1입니다."),
        Case((np.array([[2.0, 0.0]]), _BOOK), (np.array([0]), 2.0), "거리가 같으면 앞의 번호입니다."),
        Case((np.array([[1.0, 0.0]]), np.array([[9.0, 0.0], [1.0, 1.0]])), (np.array([1]), 0.5),
             "내적은 첫째 코드가 크지만 가까운 것은 둘째입니다."),
        Case((np.array([[0.5], [2.0]]), np.array([[0.0], [3.0]])), (np.array([0, 1]), 0.625),
             "벡터의 수와 차원이 달라도 됩니다."),
    ),
    wrong=(
        (_Q6.replace("gaps = ((vectors[:, None, :] - book[None, :, :]) ** 2).sum(axis=-1)", "gaps = -vectors @ book.T"),
         "7.1절의 보기"),
        (_Q6.replace("argmin(axis=1)", "argmin(axis=0)"), "거리가 같으면"),
        (_Q6.replace(".mean()", ".sum(axis=1).mean()"), "7.1절의 보기"),
        (_Q6.replace("gaps.argmin(axis=1)", "gaps.shape[1] - 1 - gaps[:, ::-1].argmin(axis=1)"), "앞의 번호"),
        (_Q6.replace(") ** 2).mean()", ")).mean()"), "7.1절의 보기"),
    ),
)

_Q7 = '''def caption(colour, shape, place=None):
    closed = (ord(shape[-1]) - ord("가")) % 28 > 0
    name = f"{colour} {shape}" + ("이" if closed else "가")
    return f"{place}에 {name} 있습니다" if place else f"{name} 하나 있습니다"'''

q7 = Exercise(
    name="q7",
    title="받침을 보고 설명 쓰기",
    question=(
        "함수 `caption(colour, shape, place=None)`을 완성하세요. 자리가 있으면 `\"왼쪽 위에 빨간 원이 있습니다\"`, "
        "없으면 `\"빨간 원이 하나 있습니다\"`처럼 적습니다. 조사 이/가는 도형 이름의 **마지막 음절에 "
        "받침이 있는지**를 보고 "
        "고릅니다. 처음 보는 도형이 와도 됩니다. 한글 음절의 번호는 ‘가’에서 시작하고, 받침이 바뀌는 28가지가 차례로 "
        "이어집니다."
    ),
    answer="caption",
    blank="def caption(colour, shape, place=None):\n    ...  # 여기를 채우세요",
    source=_Q7,
    explanation=(
        "음절의 번호를 28로 나눈 나머지가 받침의 번호이고 0이면 받침이 없습니다. 도형의 이름을 늘어놓고 고르면 새 "
        "도형이 올 때마다 고쳐야 하지만, 받침을 보면 어떤 말이 와도 됩니다."
    ),
    hints=(
        'ord("원") - ord("가")를 28로 나눈 나머지를 출력해 보세요. ‘세모’의 ‘모’도 해 보세요.',
        "나머지가 0이면 받침이 없으니 ‘가’, 아니면 ‘이’입니다.",
        "도형의 이름이 몇 글자든 마지막 음절만 봅니다.",
    ),
    cases=(
        Case(("빨간", "원"), "빨간 원이 하나 있습니다", "‘원’에는 받침이 있습니다."),
        Case(("파란", "세모"), "파란 세모가 하나 있습니다", "‘세모’의 ‘모’에는 받침이 없습니다."),
        Case(("검은", "별", "왼쪽 위"), "왼쪽 위에 검은 별이 있습니다", "자리가 있으면 자리를 앞에 적습니다."),
        Case(("노란", "하트", "오른쪽 아래"), "오른쪽 아래에 노란 하트가 있습니다",
             "자리가 있어도 조사는 받침을 봅니다."),
        Case(("초록색", "타원형"), "초록색 타원형이 하나 있습니다", "처음 보는 도형도 마지막 음절의 받침을 봅니다."),
        Case(("파란", "구름무늬"), "파란 구름무늬가 하나 있습니다", "가운데 음절의 받침은 상관없습니다."),
    ),
    wrong=(
        (_Q7.replace('("이" if closed else "가")', '"이"'), "‘모’에는 받침이 없습니다"),
        (_Q7.replace('("이" if closed else "가")', '("가" if closed else "이")'), "‘원’에는 받침이"),
        (_Q7.replace('closed = (ord(shape[-1]) - ord("가")) % 28 > 0', 'closed = shape in ("원", "별")'),
         "처음 보는 도형도"),
        (_Q7.replace("shape[-1]", "shape[0]"), "마지막 음절의 받침"),
        (_Q7.replace(' if place else f"{name} 하나 있습니다"', ""), "‘원’에는 받침이"),
    ),
)

_Q8 = '''import numpy as np

def cross(words, regions, to_query, to_key, to_value):
    query, key, value = words @ to_query, regions @ to_key, regions @ to_value
    scores = query @ key.T / np.sqrt(query.shape[1])
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True) @ value'''

_EYE = np.eye(2)
q8 = Exercise(
    name="q8",
    title="낱말이 그림에게 묻다",
    question=(
        "NumPy로 머리가 하나인 교차 어텐션 `cross(words, regions, to_query, to_key, to_value)`를 완성하세요. `words`는 "
        "(T, d)인 낱말, `regions`는 (R, e)인 영역이고, `to_query`는 (d, h), `to_key`는 (e, h), `to_value`는 (e, v)인 "
        "행렬입니다. 낱말이 영역에게 물어 얻은 (T, v)를 돌려줍니다. 내적은 √h로 나누고, 점수가 커도 "
        "넘치지 않아야 합니다."
    ),
    answer="cross",
    blank="import numpy as np\n\ndef cross(words, regions, to_query, to_key, to_value):\n    ...  # 여기를 채우세요",
    source=_Q8,
    explanation=(
        "질의는 묻는 쪽에서, 열쇠와 값은 대답하는 쪽에서 나옵니다. 결과의 줄 수는 묻는 쪽의 길이입니다. 두 쪽은 길이도 "
        "차원도 달라도 되고, 같아야 하는 것은 질의와 열쇠의 크기 h뿐입니다."
    ),
    hints=(
        "질의는 words에서, 열쇠와 값은 둘 다 regions에서 나옵니다.",
        "점수의 모양은 (T, R)입니다. 소프트맥스는 영역의 쪽, 곧 줄마다 취합니다.",
        "나누는 수는 √h이고 h는 질의의 크기입니다. 지수를 구하기 전에 줄마다 가장 큰 값을 빼세요.",
    ),
    cases=(
        Case((np.zeros((3, 2)), np.array([[1.0, 2.0], [3.0, 6.0]]), _EYE, _EYE, _EYE), np.array([[2.0, 4.0]] * 3),
             "점수가 모두 같으면 영역의 평균입니다. 줄 수는 낱말의 수입니다."),
        Case((np.array([[2.0]]), np.array([[0.0], [1.0]]), np.array([[1.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0]]),
              np.array([[1.0]])), np.array([[0.731058579]]), "내적 0과 2를 √4로 나누면 0과 1입니다."),
        Case((np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[50.0, 0.0, 1.0], [0.0, 50.0, 2.0], [0.0, 0.0, 3.0]]),
              _EYE, np.eye(3)[:, :2], np.eye(3)[:, 2:]), np.array([[1.0], [2.0]]),
             "낱말마다 제 열쇠와 맞는 영역의 값을 가져옵니다."),
        Case((np.array([[1.0]]), np.array([[1e4], [0.0]]), np.array([[1.0]]), np.array([[1.0]]), np.array([[1.0]])),
             np.array([[1e4]]), "점수가 10,000이어도 넘치지 않아야 합니다."),
    ),
    wrong=(
        (_Q8.replace("regions @ to_key, regions @ to_value", "words @ to_key, words @ to_value"), "영역의 평균"),
        (_Q8.replace("words @ to_query, regions @ to_key", "regions @ to_query, words @ to_key"), "영역의 평균"),
        (_Q8.replace(" / np.sqrt(query.shape[1])", ""), "√4로 나누면"),
        (_Q8.replace("shares.sum(axis=1", "shares.sum(axis=0"), "영역의 평균"),
        (_Q8.replace(" - scores.max(axis=1, keepdims=True)", ""), "넘치지 않아야"),
    ),
)

_Q9 = '''def split(scenes, held_out):
    train, test = [], []
    for scene in scenes:
        unseen = any((colour, shape) in held_out for colour, shape in scene)
        (test if unseen else train).append(scene)
    return train, test'''

_RED_SQUARE = ("빨간", "네모")
_BLUE_STAR = ("파란", "별")
_RED_STAR = ("빨간", "별")
q9 = Exercise(
    name="q9",
    title="빼 둔 짝이 새지 않게",
    question=(
        "함수 `split(scenes, held_out)`를 완성하세요. 장면은 `(색, 모양)` 튜플이 하나나 둘 든 리스트이고, `held_out`은 "
        "학습에서 뺄 `(색, 모양)`의 집합입니다. 빼 둔 짝이 **하나라도** 든 장면은 시험으로, 나머지는 학습으로 보내 "
        "`(train, test)`를 돌려줍니다. 차례는 그대로 두고, 빼 둔 짝과 색만 같거나 모양만 같은 것은 학습에 남깁니다."
    ),
    answer="split",
    blank="def split(scenes, held_out):\n    ...  # 여기를 채우세요",
    source=_Q9,
    explanation=(
        "장면에 도형이 둘이면 하나만 빼 둔 짝이어도 그 그림은 학습에 들어갈 수 없습니다. 들어가면 ‘본 적 없는 짝’이 "
        "아니게 됩니다. 반대로 색이나 모양만 같은 것까지 빼면 모델이 그 색과 모양을 배울 길이 없습니다."
    ),
    hints=(
        "장면의 짝 가운데 하나라도 held_out에 있으면 시험입니다. any를 떠올려 보세요.",
        "색과 모양을 따로 보지 말고 튜플을 통째로 견줍니다.",
        "두 리스트 모두 본래의 차례를 지킵니다.",
    ),
    cases=(
        Case(([[_RED_SQUARE], [_BLUE_STAR]], {_RED_SQUARE}), ([[_BLUE_STAR]], [[_RED_SQUARE]]),
             "빼 둔 짝이 든 장면은 시험입니다."),
        Case(([[_RED_SQUARE, _BLUE_STAR], [_BLUE_STAR, _RED_SQUARE], [_BLUE_STAR]], {_RED_SQUARE}),
             ([[_BLUE_STAR]], [[_RED_SQUARE, _BLUE_STAR], [_BLUE_STAR, _RED_SQUARE]]),
             "도형 둘 가운데 하나만 빼 둔 짝이어도 시험입니다."),
        Case(([[_RED_STAR], [("파란", "네모")]], {_RED_SQUARE}), ([[_RED_STAR], [("파란", "네모")]], []),
             "색만 같거나 모양만 같은 것은 학습에 남습니다."),
        Case(([[_RED_STAR, ("파란", "네모")]], {_RED_SQUARE}), ([[_RED_STAR, ("파란", "네모")]], []),
             "빨간 것도 네모도 있지만 빨간 네모는 없습니다."),
        Case(([], {_RED_SQUARE}), ([], []), "장면이 없으면 둘 다 빕니다."),
    ),
    wrong=(
        (_Q9.replace("any(", "all("), "하나만 빼 둔 짝"),
        (_Q9.replace("any((colour, shape) in held_out for colour, shape in scene)", "scene[0] in held_out"),
         "하나만 빼 둔 짝"),
        (_Q9.replace("(colour, shape) in held_out for", "any(colour == c for c, _ in held_out) for"), "색만 같거나"),
        (_Q9.replace("any((colour, shape) in held_out for colour, shape in scene)",
                     "any(c in dict(scene) for c, _ in held_out) and any(s in dict(map(reversed, scene)) "
                     "for _, s in held_out)"), "빨간 네모는 없습니다"),
        (_Q9.replace("return train, test", "return test, train"), "든 장면은 시험"),
    ),
)
