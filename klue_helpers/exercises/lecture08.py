"""Exercises of lecture 8: causal attention, budgets, packing, temperature, bits, calibration (taught in lecture 8)."""

import math

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''import numpy as np

def attend_last(query, key, value):
    new, total = len(query), len(key)
    scores = query @ key.T / np.sqrt(query.shape[1])
    visible = np.tril(np.ones((new, total), dtype=bool), k=total - new)
    scores = np.where(visible, scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True) @ value'''

_VALUES = np.array([[1.0], [3.0], [8.0], [0.0]])
q1 = Exercise(
    name="q1",
    title="캐시가 있을 때의 인과 어텐션",
    question=(
        "NumPy로 `attend_last(query, key, value)`를 완성하세요. `key`와 `value`는 글의 모든 자리 n개의 것이고 모양이 "
        "(n, h)와 (n, v)입니다. `query`는 글의 **맨 뒤** m자리의 것이고 모양이 (m, h)입니다(m은 n 이하). 질의마다 "
        "자기와 왼쪽만 보게 가리고, 내적을 √h로 나누어 소프트맥스를 취한 비율로 값을 섞은 (m, v)를 돌려줍니다. 점수가 "
        "아주 커도 넘치지 않아야 합니다."
    ),
    answer="attend_last",
    blank="import numpy as np\n\ndef attend_last(query, key, value):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "질의가 글의 맨 뒤 m자리이므로 첫 질의의 자리 번호는 0이 아니라 n − m입니다. 대각선을 그만큼 옮기면 한꺼번에 "
        "계산할 때와 하나씩 이어 계산할 때가 같은 식이 됩니다."
    ),
    hints=(
        "i번째 질의의 자리는 n - m + i입니다. 그 자리까지만 볼 수 있습니다.",
        "np.tril의 k를 n - m으로 주면 대각선이 오른쪽으로 옮겨집니다.",
        "소프트맥스 전에 줄마다 가장 큰 점수를 빼면 넘치지 않습니다. 가리는 것도 소프트맥스 전입니다.",
    ),
    cases=(
        Case((np.zeros((3, 1)), np.zeros((3, 1)), _VALUES[:3]), np.array([[1.0], [2.0], [4.0]]),
             "점수가 모두 같으면 보이는 값의 평균입니다. 첫 자리는 자기만 봅니다."),
        Case((np.zeros((1, 1)), np.zeros((4, 1)), _VALUES), np.array([[3.0]]),
             "질의가 하나면 글의 맨 뒤 자리의 것이므로 네 자리를 모두 봅니다."),
        Case((np.zeros((2, 1)), np.zeros((4, 1)), _VALUES), np.array([[4.0], [3.0]]),
             "네 자리 가운데 뒤의 둘이 질의이면 셋째와 넷째 자리입니다."),
        Case((np.array([[2.0, 0, 0, 0]] * 2), np.array([[1.0, 0, 0, 0], [2.0, 0, 0, 0]]), np.array([[0.0], [1.0]])),
             np.array([[0.0], [0.731058578]]), "내적 2와 4를 √4로 나누면 1과 2입니다."),
        Case((np.array([[1e3], [1e3]]), np.array([[1.0], [1.0]]), np.array([[1.0], [3.0]])), np.array([[1.0], [2.0]]),
             "점수가 1,000이어도 넘치지 않아야 합니다."),
        Case((np.array([[1e3], [-1e3]]), np.array([[1.0], [1.0]]), np.array([[1.0], [3.0]])), np.array([[1.0], [2.0]]),
             "줄마다 점수의 크기가 크게 다를 수 있습니다. 가장 큰 점수는 줄마다 따로 빼세요."),
        Case((np.array([[1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([[0.0], [1.0]])),
             np.array([[1 / (1 + math.exp(-math.sqrt(2)))]]),
             "점수는 1/√2과 3/√2입니다. //로 소수를 버리면 안 됩니다."),
    ),
    wrong=(
        (_Q1.replace("np.where(visible, scores, -np.inf)", "scores"), "첫 자리는 자기만"),
        (_Q1.replace("k=total - new", "k=0"), "네 자리를 모두"),
        (_Q1.replace("k=total - new", "k=total - new + 1"), "첫 자리는 자기만"),
        (_Q1.replace("    scores = np.where(visible, scores, -np.inf)\n", "")
         .replace("keepdims=True) @ value", "keepdims=True) * visible @ value"), "보이는 값의 평균"),
        (_Q1.replace(" / np.sqrt(query.shape[1])", ""), "√4로 나누면"),
        (_Q1.replace(" - scores.max(axis=1, keepdims=True)", ""), "넘치지 않아야"),
        (_Q1.replace("scores.max(axis=1, keepdims=True)", "scores.max()"), "줄마다 따로 빼세요"),
        (_Q1.replace("query @ key.T / np", "query @ key.T // np"), "소수를 버리면"),
    ),
)

_Q2 = '''def widest(budget, vocabulary, positions, layers, step=64):
    def parameters(size):
        tables = (vocabulary + positions) * size
        return tables + layers * (12 * size * size + 13 * size) + 2 * size

    size = 0
    while parameters(size + step) <= budget:
        size += step
    return size'''

q2 = Exercise(
    name="q2",
    title="예산에 맞는 가장 넓은 GPT",
    question=(
        "파라미터의 예산이 정해져 있을 때 차원을 얼마까지 키울 수 있을까요? 함수 `widest(budget, vocabulary, "
        "positions, layers, step=64)`를 완성하세요. `GPT2LMHeadModel`의 파라미터가 `budget`개를 넘지 않는 가장 큰 "
        "차원을 `step`의 배수로 돌려줍니다. `step`조차 예산을 넘으면 0입니다. 조각의 표와 답의 표는 하나이고(가중치 "
        "묶기), 피드포워드는 네 배 넓습니다."
    ),
    answer="widest",
    blank="def widest(budget, vocabulary, positions, layers, step=64):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "파라미터의 수는 (V + P)d + L(12d² + 13d) + 2d입니다. 층이 적으면 표가, 많으면 블록이 예산을 먹습니다. 같은 "
        "예산이라도 어휘를 줄이면 그만큼 넓은 모델을 만들 수 있습니다."
    ),
    hints=(
        "5.2절의 공식을 먼저 작은 함수로 씁니다. 블록 하나가 12d² + 13d이고 맨 끝의 정규화가 2d입니다.",
        "차원을 0에서 시작해 step씩 키우다가, 다음 것이 예산을 넘으면 멈춥니다.",
        "예산과 꼭 같아도 넘지 않은 것입니다.",
    ),
    cases=(
        Case((106, 10, 4, 1, 2), 2, "차원 2면 표 28, 블록 74, 마지막 정규화 4로 꼭 106개입니다."),
        Case((105, 10, 4, 1, 2), 0, "하나만 모자라도 넘습니다. 가장 작은 것도 넘으면 0입니다."),
        Case((124_439_808, 50_257, 1_024, 12), 768, "가장 작은 GPT-2의 파라미터를 예산으로 주면 768이 나와야 합니다."),
        Case((10_000_000, 8_000, 256, 4), 320, "어휘 8,000개, 4층이면 천만 개로 320차원까지 갑니다."),
        Case((10_000_000, 50_257, 1_024, 4), 128, "어휘가 크면 표가 예산을 다 먹습니다."),
        Case((194, 10, 4, 1, 3), 0, "차원 3이면 표 42, 블록 147, 마지막 정규화 6으로 195개입니다."),
    ),
    wrong=(
        (_Q2.replace(" + 2 * size", ""), "하나만 모자라도"),
        (_Q2.replace("13 * size", "9 * size"), "하나만 모자라도"),
        (_Q2.replace("<= budget", "< budget"), "꼭 106개"),
        (_Q2.replace("return size", "return size + step"), "꼭 106개"),
        (_Q2.replace("(vocabulary + positions)", "(2 * vocabulary + positions)"), "꼭 106개"),
        (_Q2.replace("size += step", "size += 1"), "꼭 106개"),
        (_Q2.replace(" + 2 * size", " + 2 + size"), "마지막 정규화 6"),
    ),
)

_Q3 = '''def pack(documents, size, eos):
    line = [piece for pieces in documents for piece in [*pieces, eos]]
    rows = []
    for begin in range(0, len(line) - size, size):
        rows.append((line[begin:begin + size], line[begin + 1:begin + size + 1]))
    return rows'''

q3 = Exercise(
    name="q3",
    title="이어 붙이고 자르기",
    question=(
        "6.4절에서 말만 하고 쓰지 않은 길, 곧 큰 모델이 가는 길을 씁니다. 함수 `pack(documents, size, eos)`를 "
        "완성하세요. `documents`는 조각 번호의 리스트의 리스트입니다. 문서마다 뒤에 `eos`를 붙여 모두 **한 줄로** "
        "잇고, 앞에서부터 `size`개씩 잘라 `(입력, 정답)`의 리스트를 돌려줍니다. 정답은 입력을 한 칸 민 것이고 길이가 "
        "같습니다. `size`개를 다 채우지 못하거나 정답이 모자라는 꼬리는 버립니다."
    ),
    answer="pack",
    blank="def pack(documents, size, eos):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation=(
        "채움이 하나도 없어 계산을 알뜰하게 쓰지만, 블록 하나에 상관없는 문서가 섞이고 글의 한가운데에서 시작합니다. "
        "eos가 문서의 경계를 알려 주므로 모델은 그 앞을 잊어도 된다는 것을 배웁니다."
    ),
    hints=(
        "먼저 [*pieces, eos]를 모두 이어 긴 리스트 하나를 만듭니다.",
        "begin에서 시작하는 블록의 정답은 line[begin + 1:begin + size + 1]입니다. 이것이 다 차야 씁니다.",
        "블록의 시작은 0, size, 2 × size, …이고 길이 − size보다 작아야 합니다.",
    ),
    cases=(
        Case(([[11, 12, 13, 14]], 2, 1), [([11, 12], [12, 13]), ([13, 14], [14, 1])],
             "정답은 입력을 한 칸 민 것이고, 마지막 정답은 eos입니다."),
        Case(([[11, 12], [21], [31, 32]], 3, 1), [([11, 12, 1], [12, 1, 21]), ([21, 1, 31], [1, 31, 32])],
             "문서 사이에 eos가 있고, 블록은 문서를 가리지 않고 이어집니다."),
        Case(([[11, 12, 13, 14, 15]], 4, 1), [([11, 12, 13, 14], [12, 13, 14, 15])],
             "다 채우지 못하는 꼬리는 버립니다."),
        Case(([[], [21, 22]], 2, 1), [([1, 21], [21, 22])], "빈 문서는 eos 하나입니다."),
        Case(([[11]], 4, 1), [], "글이 블록보다 짧으면 만들 것이 없습니다."),
    ),
    wrong=(
        (_Q3.replace("line[begin + 1:begin + size + 1]", "line[begin:begin + size]"), "한 칸 민 것"),
        (_Q3.replace("[*pieces, eos]", "pieces"), "마지막 정답은 eos"),
        (_Q3.replace("range(0, len(line) - size, size)", "range(0, len(line) - 1, size)"), "가리지 않고 이어집니다"),
        (_Q3.replace("range(0, len(line) - size, size)", "range(0, len(line) - size, size + 1)"), "마지막 정답은 eos"),
        (_Q3.replace("range(0, len(line) - size, size)", "range(0, len(line) - size - 1, size)"), "마지막 정답은 eos"),
        (_Q3.replace("[*pieces, eos]", "[eos, *pieces]"), "마지막 정답은 eos"),
    ),
)

_Q4 = '''import numpy as np

def next_chances(logits, temperature):
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    scaled = logits / temperature
    shares = np.exp(scaled - scaled.max())
    return shares / shares.sum()'''

q4 = Exercise(
    name="q4",
    title="온도로 다음 조각의 확률 정하기",
    question=(
        "NumPy로 `next_chances(logits, temperature)`를 완성하세요. `logits`는 (V,)인 점수이고, 온도로 나눈 점수의 "
        "소프트맥스를 (V,)로 돌려줍니다. 온도가 0이면 탐욕 디코딩입니다. 점수가 가장 높은 조각(여럿이면 **앞의 것** "
        "하나)의 확률이 1이고 나머지는 0입니다. 점수가 아주 커도 넘치지 않아야 합니다."
    ),
    answer="next_chances",
    blank="import numpy as np\n\ndef next_chances(logits, temperature):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation=(
        "온도가 0으로 갈 때의 극한이 탐욕 디코딩이지만 0으로 나눌 수는 없으므로 갈래를 따로 둡니다. 나눈 다음에 가장 "
        "큰 값을 빼야 낮은 온도에서 커진 점수가 넘치지 않습니다."
    ),
    hints=(
        "온도가 0인 경우를 먼저 처리하세요. np.argmax는 동점이면 앞의 것을 고릅니다.",
        "logits / temperature의 소프트맥스입니다. 온도를 확률에 곱하거나 나누는 것이 아닙니다.",
        "지수를 구하기 전에 나눈 점수에서 가장 큰 값을 빼세요.",
    ),
    cases=(
        Case((np.array([2.0, 1.0, 0.0]), 1.0), np.array([0.66524096, 0.24472847, 0.09003057]),
             "온도가 1이면 보통의 소프트맥스입니다."),
        Case((np.array([2.0, 1.0, 0.0]), 0.5), np.array([0.86681333, 0.11731043, 0.01587624]),
             "온도를 낮추면 1등에게 몰립니다. 점수가 4, 2, 0인 것과 같습니다."),
        Case((np.array([2.0, 1.0, 0.0]), 2.0), np.array([0.50648039, 0.30719589, 0.18632372]),
             "온도를 높이면 고르게 퍼집니다."),
        Case((np.array([1.0, 3.0, 3.0]), 0), np.array([0.0, 1.0, 0.0]),
             "온도가 0이면 가장 높은 것 가운데 앞의 하나만 1입니다."),
        Case((np.array([900.0, 800.0]), 0.1), np.array([1.0, 0.0]), "점수 9,000의 지수는 그대로 셈할 수 없습니다."),
    ),
    wrong=(
        (_Q4.replace("logits / temperature", "logits * temperature"), "1등에게 몰립니다"),
        (_Q4.replace("logits / temperature", "logits"), "1등에게 몰립니다"),
        (_Q4.replace("np.eye(len(logits))[logits.argmax()]", "(logits == logits.max()) * 1.0"), "앞의 하나만"),
        (_Q4.replace("if temperature == 0", "if temperature < 0"), "앞의 하나만"),
        (_Q4.replace("scaled - scaled.max()", "scaled"), "그대로 셈할 수 없습니다"),
        (_Q4.replace("shares / shares.sum()", "shares"), "보통의 소프트맥스"),
        (_Q4.replace("    scaled = logits / temperature\n",
                     "    logits /= temperature\n    scaled = logits\n"), "인자를 바꾸었습니다"),
    ),
)

_Q5 = '''import math

def bits_per_character(losses, texts):
    nats = sum(sum(row) for row in losses)
    characters = sum(len(text) for text in texts)
    return nats / math.log(2) / characters'''

_BIT = math.log(2)
q5 = Exercise(
    name="q5",
    title="토크나이저가 달라도 견줄 수 있는 자",
    question=(
        "함수 `bits_per_character(losses, texts)`를 완성하세요. `texts`는 글의 리스트이고, `losses[i]`는 글 "
        "`texts[i]`의 조각마다의 손실(nat, 끝 조각의 것까지)이 든 리스트입니다. 모든 글을 **통틀어** 글자 하나에 드는 "
        "비트를 돌려줍니다. 1비트는 ln 2 nat입니다. 글자는 `len(text)`로 셉니다."
    ),
    answer="bits_per_character",
    blank="import math\n\ndef bits_per_character(losses, texts):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "손실을 모두 더하면 글 전체를 적는 데 드는 정보량이고, 이것은 글을 몇 조각으로 나누었는지와 상관이 없습니다. "
        "나누는 수가 조각이 아니라 글자여야 토크나이저가 다른 모델끼리 견줄 수 있습니다."
    ),
    hints=(
        "모든 글의 모든 조각의 손실을 더하는 것이 먼저입니다.",
        "글마다 구해서 평균하면 짧은 글이 지나치게 큰 몫을 가집니다.",
        "nat를 비트로 바꾸려면 math.log(2)로 나눕니다.",
    ),
    cases=(
        Case(([[_BIT, _BIT], [_BIT]], ["가나", "다라"]), 0.75, "조각 셋에 1비트씩 3비트, 글자는 넷입니다."),
        Case(([[4 * _BIT], [_BIT]], ["가", "나다라"]), 1.25,
             "글마다 구해 평균하지 말고 통틀어 나눕니다. 5비트에 네 글자입니다."),
        Case(([[_BIT, _BIT], [_BIT]], ["가", ""]), 3.0, "빈 글에는 글자가 없지만 끝 조각의 손실은 있습니다."),
        Case(([[1.0, 2.0, 3.0]], ["비가 온다"]), 1.731234049, "빈칸도 글자입니다. 6 nat에 다섯 글자입니다."),
    ),
    wrong=(
        (_Q5.replace("sum(len(text) for text in texts)", "sum(map(len, losses))"), "글자는 넷"),
        (_Q5.replace(" / math.log(2)", ""), "글자는 넷"),
        (_Q5.replace("    nats", "    return sum(sum(r) / math.log(2) / max(len(t), 1) for r, t in zip(losses, texts)) "
                     "/ len(texts)\n    nats", 1), "통틀어 나눕니다"),
        (_Q5.replace("len(text)", "len(text.encode())"), "글자는 넷"),
        (_Q5.replace("len(text)", "len(text.replace(' ', ''))"), "빈칸도 글자"),
    ),
)

q6 = Exercise(
    name="q6",
    title="실행하지 않고 아는 수",
    question=(
        "실행하지 않고 셈해 보세요. `places_again`과 `places_once`는 스무 조각짜리 첫머리 뒤에 50조각을 쓸 때 "
        "계산하는 자리의 수이고, 앞의 것은 매번 처음부터 다시 할 때, 뒤의 것은 캐시를 쓸 때입니다. `cache_mb`는 GPT-2 "
        "XL(48층, 1,600차원)이 글 하나(1,024자리)를 16비트로 캐시에 담을 때의 크기(백만 바이트), `first_loss`는 "
        "어휘가 8,000개인 갓 만든 GPT의 손실, `bits`는 조각마다의 손실이 4.2 nat이고 조각 하나가 평균 2.1글자일 때 "
        "글자 하나에 드는 비트입니다. 소수는 0.01까지 맞으면 됩니다."
    ),
    answer="answer",
    blank=(
        "answer = {\n"
        '    "places_again": ...,  # 여기를 채우세요\n'
        '    "places_once": ...,\n'
        '    "cache_mb": ...,\n'
        '    "first_loss": ...,\n'
        '    "bits": ...,\n'
        "}"
    ),
    source=(
        "import math\n\n"
        "answer = {\n"
        '    "places_again": sum(20 + done for done in range(50)),\n'
        '    "places_once": 20 + 50 - 1,\n'
        '    "cache_mb": 2 * 48 * 1_600 * 1_024 * 2 / 1e6,\n'
        '    "first_loss": math.log(8_000),\n'
        '    "bits": 4.2 / math.log(2) / 2.1,\n'
        "}"
    ),
    explanation=(
        "다시 계산하면 길이의 제곱으로, 캐시를 쓰면 길이에 비례해 늘어납니다. 대신 캐시는 층마다 열쇠와 값 두 벌이라 "
        "글 하나에 300 MB가 넘습니다."
    ),
    hints=(
        "첫 조각을 얻을 때 20자리, 그다음은 21자리를 계산합니다. 마지막에 얻은 조각은 계산하지 않습니다.",
        "캐시는 자리마다 2 × 층 × 차원개의 수이고, 16비트는 2바이트입니다.",
        "갓 만든 모델은 모든 조각에 같은 확률을 줍니다. 비트는 nat를 ln 2로 나눈 것입니다.",
    ),
    cases=(
        Case(("places_again",), 2225, "20부터 69까지 더합니다. 50번 계산합니다."),
        Case(("places_once",), 69, "첫머리 20자리를 한 번, 그 뒤로 49번 한 자리씩 계산합니다."),
        Case(("cache_mb",), 314.5728, "열쇠와 값 두 벌이고, 16비트는 2바이트입니다."),
        Case(("first_loss",), 8.98719682, "ln 8000입니다."),
        Case(("bits",), 2.88539008, "조각의 비트를 조각마다의 글자 수로 나눕니다."),
    ),
    wrong=(
        ("answer = {'places_again': 2275, 'places_once': 69, 'cache_mb': 314.57, 'first_loss': 8.99, 'bits': 2.89}",
         "20부터 69까지"),
        ("answer = {'places_again': 2225, 'places_once': 70, 'cache_mb': 314.57, 'first_loss': 8.99, 'bits': 2.89}",
         "49번 한 자리씩"),
        ("answer = {'places_again': 2225, 'places_once': 69, 'cache_mb': 157.29, 'first_loss': 8.99, 'bits': 2.89}",
         "두 벌"),
        ("answer = {'places_again': 2225, 'places_once': 69, 'cache_mb': 314.57, 'first_loss': 12.97, 'bits': 2.89}",
         "ln 8000"),
        ("answer = {'places_again': 2225, 'places_once': 69, 'cache_mb': 314.57, 'first_loss': 8.99, 'bits': 2.0}",
         "글자 수로 나눕니다"),
        ("answer = {'places_again': 2225.0, 'places_once': 69, 'cache_mb': 314.57, 'first_loss': 8.99, 'bits': 2.89}",
         "정수여야 하는데 float"),
        ("answer = {'places_again': 2225, 'places_once': 69, 'cache_mb': 300.0, 'first_loss': 8.99, 'bits': 2.89}",
         "16비트는 2바이트"),
    ),
    tolerance=0.01,
)

_Q7 = '''import numpy as np

def choose(scores, blank):
    return (scores - blank[None, :]).argmax(axis=1)'''

q7 = Exercise(
    name="q7",
    title="빈 글로 치우침 걷어 내기",
    question=(
        "NumPy로 `choose(scores, blank)`를 완성하세요. `scores[i, j]`는 글 i 뒤에 말 j가 이어질 로그 확률이고, "
        "`blank[j]`는 글 없이 물었을 때의 로그 확률입니다. 글 없이도 높았던 만큼을 **빼고** 나서 글마다 가장 높은 "
        "말의 번호를 (n,)인 정수 배열로 돌려줍니다. 같으면 앞의 번호입니다."
    ),
    answer="choose",
    blank="import numpy as np\n\ndef choose(scores, blank):\n    ...  # 여기를 채우세요",
    source=_Q7,
    explanation=(
        "로그의 뺄셈은 확률의 나눗셈입니다. 글을 읽고 나서 그 말의 확률이 몇 배가 되었는지를 견주는 셈이라, 본래 흔한 "
        "말이 덮어놓고 이기는 일이 없어집니다."
    ),
    hints=(
        "blank를 모든 줄에서 뺍니다. 모양을 (1, k)로 보면 됩니다.",
        "로그 확률은 음수입니다. 나누지 말고 빼야 합니다.",
        "줄마다 고르므로 argmax의 축은 1입니다.",
    ),
    cases=(
        Case((np.array([[-2.0, -3.0], [-2.0, -5.0]]), np.array([-1.0, -3.0])), np.array([1, 0]),
             "빼고 나면 첫 글은 −1과 0, 둘째 글은 −1과 −2입니다."),
        Case((np.array([[-2.0, -3.0], [-4.0, -3.0]]), np.zeros(2)), np.array([0, 1]),
             "글 없이 물었을 때 차이가 없으면 그대로 고릅니다."),
        Case((np.array([[-4.0, -6.0]]), np.array([-2.0, -4.0])), np.array([0]), "같으면 앞의 번호입니다."),
        Case((np.array([[-9.0, -2.0, -7.0]]), np.array([-9.5, -1.0, -9.0])), np.array([2]),
             "세 말 가운데 셋째가 2만큼 올라 가장 많이 올랐습니다."),
    ),
    wrong=(
        (_Q7.replace("(scores - blank[None, :])", "scores"), "빼고 나면"),
        (_Q7.replace("scores - blank", "scores + blank"), "빼고 나면"),
        (_Q7.replace("scores - blank[None, :]", "scores / np.where(blank == 0, 1, blank)[None, :]"), "빼고 나면"),
        (_Q7.replace("axis=1", "axis=0"), "빼고 나면"),
        (_Q7.replace(".argmax(axis=1)", "[:, ::-1].argmax(axis=1) * -1 + scores.shape[1] - 1"), "앞의 번호"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6, q7)
