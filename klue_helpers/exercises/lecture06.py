"""Exercises of lecture 6: pairs, hard negatives, in-batch loss, ranks, STS, threshold, folds (taught in lecture 6)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''def pair_inputs(first, second, cls, sep, longest):
    first, second = list(first), list(second)
    while len(first) + len(second) + 3 > longest:
        (first if len(first) > len(second) else second).pop()
    ids = [cls, *first, sep, *second, sep]
    kinds = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    return ids, kinds'''

q1 = Exercise(
    name="q1",
    title="두 문장을 한 줄로",
    question=(
        "함수 `pair_inputs(first, second, cls, sep, longest)`를 완성하세요. `first`와 `second`는 조각 번호의 "
        "리스트이고, `[CLS] 첫째 [SEP] 둘째 [SEP]`의 번호와 `token_type_ids`를 `(번호, 종류)`로 돌려줍니다. 전체 "
        "길이가 `longest`를 넘으면 넘지 않을 때까지 **그때그때 더 긴 "
        "쪽의 맨 뒤**에서 하나씩 뺍니다. 길이가 같으면 둘째에서 뺍니다."
    ),
    answer="pair_inputs",
    blank="def pair_inputs(first, second, cls, sep, longest):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "느린 토크나이저의 longest_first와 같은 규칙입니다. 빠른 토크나이저는 남은 자리를 반씩 나누므로, 남은 자리가 "
        "홀수이면 어느 쪽에 한 조각을 더 주는지가 다를 수 있습니다. 어느 쪽이든 짧은 문장을 통째로 잃는 일은 없습니다. "
        "첫 [SEP]는 첫째 문장의 것이므로 종류가 0이고, 끝의 [SEP]는 1입니다."
    ),
    hints=(
        "특수 토큰이 셋이므로 len(first) + len(second) + 3이 longest를 넘는 동안 되풀이합니다.",
        "받은 리스트를 바꾸지 않도록 먼저 베껴 두고 pop()을 씁니다.",
        "종류 0은 [CLS]와 첫째와 첫 [SEP], 종류 1은 둘째와 끝의 [SEP]입니다.",
    ),
    cases=(
        Case(([5, 6], [7], 2, 3, 16), ([2, 5, 6, 3, 7, 3], [0, 0, 0, 0, 1, 1]), "자를 것이 없을 때의 모양입니다."),
        Case(([5, 6, 7, 8], [9], 2, 3, 6), ([2, 5, 6, 3, 9, 3], [0, 0, 0, 0, 1, 1]), "긴 쪽의 뒤에서 둘을 뺍니다."),
        Case(([5, 6], [7, 8], 2, 3, 6), ([2, 5, 6, 3, 7, 3], [0, 0, 0, 0, 1, 1]), "길이가 같으면 둘째에서 뺍니다."),
        Case(([5], [6, 7, 8, 9], 2, 3, 5), ([2, 5, 3, 6, 3], [0, 0, 0, 1, 1]), "둘째가 길면 둘째만 줄어듭니다."),
        Case(([5], [], 2, 3, 8), ([2, 5, 3, 3], [0, 0, 0, 1]), "둘째가 비어도 [SEP]는 둘입니다."),
    ),
    wrong=(
        (_Q1.replace("(len(first) + 2)", "(len(first) + 1)").replace("(len(second) + 1)", "(len(second) + 2)"),
         "자를 것이 없을 때"),
        (_Q1.replace("len(first) > len(second)", "len(first) >= len(second)"), "길이가 같으면 둘째"),
        (_Q1.replace("(first if len(first) > len(second) else second).pop()", "(second or first).pop()"),
         "긴 쪽의 뒤에서"),
        (_Q1.replace(".pop()", ".pop(0)"), "긴 쪽의 뒤에서"),
        (_Q1.replace("+ 3 > longest", "> longest"), "긴 쪽의 뒤에서"),
        (_Q1.replace("    first, second = list(first), list(second)\n", ""), "인자를 바꾸었습니다"),
    ),
)

_Q2 = '''import numpy as np

def hard_negatives(vectors, same, count):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    closeness = np.where(same, -np.inf, units @ units.T)
    np.fill_diagonal(closeness, -np.inf)
    return np.argsort(-closeness, axis=1, kind="stable")[:, :count]'''

_VECTORS = np.array([[1.0, 0.0], [3.0, 0.3], [1.0, 1.0], [0.0, 2.0]])
_NONE = np.zeros((4, 4), dtype=bool)
_ONE = _NONE.copy()
_ONE[0, 1] = _ONE[1, 0] = True
q2 = Exercise(
    name="q2",
    title="어려운 오답 캐기",
    question=(
        "NumPy로 `hard_negatives(vectors, same, count)`를 완성하세요. `vectors`는 질문 n개의 벡터 (n, d)이고, "
        "`same`은 두 질문이 같은 뜻이면 참인 (n, n)입니다. 질문마다 **자기 자신과 같은 뜻의 질문을 빼고** 코사인이 "
        "높은 질문의 번호를 높은 것부터 `count`개씩, (n, count)인 정수 배열로 돌려줍니다. 벡터의 길이는 "
        "제각각입니다. 같으면 앞의 번호가 먼저입니다."
    ),
    answer="hard_negatives",
    blank="import numpy as np\n\ndef hard_negatives(vectors, same, count):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "뺄 것의 코사인을 −∞로 두면 절대로 뽑히지 않습니다. 같은 뜻의 질문을 빼지 않으면 가장 비슷한 정답을 "
        "오답이라고 가르치게 됩니다. 레이블이 없는 데이터에서는 이것을 다 걸러 낼 수 없다는 것도 기억하세요."
    ),
    hints=(
        "먼저 벡터의 길이를 1로 만들고 units @ units.T로 모든 코사인을 구합니다.",
        "np.fill_diagonal로 자기 자신을, np.where로 같은 뜻의 질문을 −∞로 둡니다.",
        "np.argsort(-closeness, axis=1, kind=\"stable\")은 높은 것부터 늘어놓습니다.",
    ),
    cases=(
        Case((_VECTORS, _NONE, 1), np.array([[1], [0], [1], [2]]), "자기 자신은 빼야 합니다."),
        Case((_VECTORS, _ONE, 1), np.array([[2], [2], [1], [2]]), "0번과 1번은 같은 뜻이니 서로의 오답이 아닙니다."),
        Case((_VECTORS, _NONE, 2), np.array([[1, 2], [0, 2], [1, 0], [2, 1]]), "높은 것부터 둘씩입니다."),
        Case((np.array([[1.0, 0.0], [9.0, 9.0], [1.0, 0.2]]), _NONE[:3, :3], 1), np.array([[2], [2], [0]]),
             "벡터의 길이가 길다고 비슷한 것이 아닙니다. 코사인이어야 합니다."),
    ),
    wrong=(
        (_Q2.replace("    np.fill_diagonal(closeness, -np.inf)\n", ""), "자기 자신은"),
        (_Q2.replace("np.where(same, -np.inf, units @ units.T)", "units @ units.T"), "서로의 오답이 아닙니다"),
        (_Q2.replace("argsort(-closeness", "argsort(closeness"), "자기 자신은"),
        (_Q2.replace("units @ units.T", "vectors @ vectors.T"), "자기 자신은"),
        (_Q2.replace(" / np.linalg.norm(vectors, axis=1, keepdims=True)", " * 1.0"), "자기 자신은"),
    ),
)

_Q3 = '''import numpy as np

def pair_loss(left, right, scale):
    left = left / np.linalg.norm(left, axis=1, keepdims=True)
    right = right / np.linalg.norm(right, axis=1, keepdims=True)
    scores = scale * left @ right.T
    largest = scores.max(axis=1, keepdims=True)
    log_total = largest[:, 0] + np.log(np.exp(scores - largest).sum(axis=1))
    return float(np.mean(log_total - np.diag(scores)))'''

_SQUARE = np.array([[1.0, 0.0], [0.0, 1.0]])
q3 = Exercise(
    name="q3",
    title="묶음 속의 남을 오답으로",
    question=(
        "NumPy로 `pair_loss(left, right, scale)`을 완성하세요. `left[i]`와 `right[i]`가 짝인 두 (n, d)를 "
        "받습니다. 짝이 될 수 있는 n개의 오른쪽 가운데 제 짝을 고르는 문제로 보아, 코사인에 `scale`을 곱한 점수의 "
        "소프트맥스에서 제 짝의 확률에 로그를 씌워 부호를 바꾼 것의 "
        "평균을 실수로 돌려줍니다. 점수가 아주 커도 넘치지 않아야 합니다."
    ),
    answer="pair_loss",
    blank="import numpy as np\n\ndef pair_loss(left, right, scale):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation=(
        "행렬 곱 한 번으로 n × n개의 쌍을 견주고, 정답은 대각선에 있습니다. 묶음이 클수록 오답이 많아져 문제가 "
        "어려워지고 대개 더 잘 배웁니다."
    ),
    hints=(
        "양쪽 벡터의 길이를 1로 만든 다음 left @ right.T에 scale을 곱합니다.",
        "줄마다 정답은 대각선입니다. np.diag(scores)가 제 짝의 점수입니다.",
        "지수를 구하기 전에 줄마다 가장 큰 점수를 빼고, 나중에 다시 더합니다.",
    ),
    cases=(
        Case((_SQUARE, _SQUARE, 1.0), 0.31326169, "점수가 줄마다 1과 0입니다."),
        Case((np.ones((4, 2)), np.ones((4, 2)), 20.0), 1.38629436, "넷이 모두 같으면 찍는 것이니 ln 4입니다."),
        Case((_SQUARE * 5, _SQUARE, 1.0), 0.31326169, "벡터의 길이는 상관이 없어야 합니다."),
        Case((_SQUARE, _SQUARE[::-1].copy(), 2.0), 2.12692801, "짝이 뒤바뀌면 손실이 커집니다."),
        Case((_SQUARE, _SQUARE[::-1].copy(), 2000.0), 2000.0, "점수가 2,000이어도 넘치지 않아야 합니다."),
        Case((np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]), 1.0), 0.69314718,
             "왼쪽마다 오른쪽 전체에서 고릅니다. 오른쪽이 둘 다 같으면 ln 2입니다."),
        Case((np.array([[1.0, 0.0], [1.0, 2.0], [0.0, 1.0]]), np.array([[3.0, 4.0], [0.5, 0.0], [1.0, 1.0]]), 2.0),
             1.42864564,
             "길이도 방향도 제각각일 때입니다. 양쪽을 모두 줄마다(axis=1) 길이 1로 만들었는지 살펴보세요."),
        Case((np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]), 2000.0), 0.69314718,
             "줄마다 점수의 크기가 크게 다를 수 있습니다. 가장 큰 점수는 줄마다 따로 빼세요."),
    ),
    wrong=(
        (_Q3.replace(" - np.diag(scores)", ""), "1과 0입니다"),
        (_Q3.replace("    left = left / np.linalg.norm(left, axis=1, keepdims=True)\n", ""), "길이는 상관이"),
        (_Q3.replace("scale * left", "left"), "뒤바뀌면"),
        (_Q3.replace("    largest = scores.max(axis=1, keepdims=True)\n",
                     "    largest = np.zeros((len(scores), 1))\n"), "넘치지 않아야"),
        (_Q3.replace("scores = scale * left @ right.T", "scores = scale * right @ left.T"), "ln 2입니다"),
        (_Q3.replace("    right = right / np.linalg.norm(right, axis=1, keepdims=True)\n", ""), "양쪽을 모두"),
        (_Q3.replace("np.exp(scores - largest).sum(axis=1)", "np.exp(scores - largest).sum(axis=0)"), "제각각일 때"),
        (_Q3.replace("np.linalg.norm(left, axis=1", "np.linalg.norm(left, axis=0"), "양쪽을 모두"),
        (_Q3.replace("scores.max(axis=1, keepdims=True)", "np.full((len(scores), 1), scores.max())"),
         "줄마다 따로 빼세요"),
    ),
)

_Q4 = '''import numpy as np

def recall_and_mrr(scores, gold, n):
    right = scores[np.arange(len(gold)), gold][:, None]
    ranks = (scores >= right).sum(axis=1)
    return float(np.mean(ranks <= n)), float(np.mean(1 / ranks))'''

_SCORES = np.array([[0.9, 0.5, 0.1], [0.2, 0.3, 0.8], [0.4, 0.6, 0.5]])
q4 = Exercise(
    name="q4",
    title="recall@n과 MRR",
    question=(
        "NumPy로 `recall_and_mrr(scores, gold, n)`을 완성하세요. `scores[i, j]`는 물음 i와 질문 j의 점수, "
        "`gold[i]`는 정답 질문의 번호입니다. 정답의 순위가 `n` 안에 드는 비율과 순위의 역수의 평균(MRR)을 `(recall, "
        "mrr)`로 돌려줍니다. 점수가 같은 질문이 있으면 **정답을 뒤로** 보냅니다. 1등이 둘이면 정답의 순위는 2입니다."
    ),
    answer="recall_and_mrr",
    blank="import numpy as np\n\ndef recall_and_mrr(scores, gold, n):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation=(
        "정답과 점수가 같거나 높은 것의 수가 곧 순위입니다(정답 자신도 셉니다). 같을 때 정답을 앞세우면, 모든 점수가 "
        "같은 쓸모없는 모델이 만점을 받습니다."
    ),
    hints=(
        "정답의 점수는 scores[np.arange(len(gold)), gold]입니다.",
        "순위는 정답 이상의 점수를 가진 질문의 수입니다. 자신을 세므로 1부터 시작합니다.",
        "MRR은 순위의 평균의 역수가 아니라 역수의 평균입니다.",
    ),
    cases=(
        Case((_SCORES, np.array([0, 2, 1]), 1), (1.0, 1.0), "셋 다 1등입니다."),
        Case((_SCORES, np.array([1, 1, 0]), 2), (2 / 3, 4 / 9), "순위는 2, 2, 3입니다."),
        Case((_SCORES, np.array([0, 0, 1]), 1), (2 / 3, 7 / 9), "순위는 1, 3, 1입니다."),
        Case((np.full((2, 4), 0.5), np.array([0, 3]), 1), (0.0, 0.25), "모두 같은 점수면 정답은 맨 뒤입니다."),
    ),
    wrong=(
        (_Q4.replace("scores >= right", "scores > right"), "셋 다 1등"),
        (_Q4.replace("(scores >= right).sum(axis=1)", "(scores > right).sum(axis=1) + 1"), "정답은 맨 뒤"),
        (_Q4.replace("np.mean(1 / ranks)", "1 / np.mean(ranks)"), "2, 2, 3입니다"),
        (_Q4.replace("ranks <= n", "ranks < n"), "셋 다 1등"),
    ),
)

_Q5 = '''import numpy as np

def similarity_scores(gold, predicted):
    left, right = gold - gold.mean(), predicted - predicted.mean()
    r = (left * right).sum() / np.sqrt((left ** 2).sum() * (right ** 2).sum())
    real, said = gold >= 3, predicted >= 3
    hits = (real & said).sum()
    f1 = 2 * hits / (real.sum() + said.sum()) if real.any() or said.any() else 0.0
    return float(r), float(f1)'''

_GOLD = np.array([0.0, 2.0, 3.0, 5.0])
q5 = Exercise(
    name="q5",
    title="STS의 두 잣대",
    question=(
        "NumPy로 `similarity_scores(gold, predicted)`를 완성하세요. 0에서 5까지의 점수인 두 (n,)을 받아 피어슨 "
        "상관과, 양쪽을 **3 이상**이면 비슷하다고 잘랐을 때 ‘비슷함’의 F1을 `(r, f1)`로 돌려줍니다. 어느 쪽에도 "
        "비슷한 것이 하나도 없으면 F1은 0입니다. 한쪽이 상수인 경우는 생각하지 않아도 됩니다."
    ),
    answer="similarity_scores",
    blank="import numpy as np\n\ndef similarity_scores(gold, predicted):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "상관은 눈금을 늘이고 옮겨도 그대로지만 F1은 3이라는 눈금에 매여 있습니다. 코사인을 그대로 내면 상관이 "
        "높아도 F1은 0이 됩니다. F1은 2 × 맞힌 수 ÷ (정답의 수 + 예측의 수)로 셈하면 편합니다."
    ),
    hints=(
        "상관은 평균을 뺀 두 벡터의 코사인입니다.",
        "3도 ‘3 이상’에 듭니다.",
        "정밀도와 재현율의 조화 평균은 2 × 맞힌 수 / (정답의 수 + 예측의 수)와 같습니다.",
    ),
    cases=(
        Case((_GOLD, _GOLD), (1.0, 1.0), "똑같이 예측하면 둘 다 1입니다."),
        Case((_GOLD, _GOLD / 5), (1.0, 0.0), "5로 나눈 점수는 상관이 1이어도 3을 넘는 것이 없습니다."),
        Case((_GOLD, np.array([3.0, 3.0, 3.0, 4.0])), (0.80064077, 2 / 3), "맞힌 것 둘, 정답 둘, 예측 넷입니다."),
        Case((_GOLD, 5 - _GOLD), (-1.0, 0.0), "거꾸로 예측하면 상관이 −1입니다."),
        Case((np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 2.0])), (0.5, 0.0), "비슷한 것이 어느 쪽에도 없습니다."),
    ),
    wrong=(
        (_Q5.replace("gold >= 3, predicted >= 3", "gold > 3, predicted > 3"), "예측 넷입니다"),
        (_Q5.replace("gold - gold.mean(), predicted - predicted.mean()", "gold, predicted"), "예측 넷입니다"),
        (_Q5.replace("2 * hits / (real.sum() + said.sum())", "(real == said).mean()"), "5로 나눈"),
        (_Q5.replace(" if real.any() or said.any() else 0.0", ""), "어느 쪽에도 없습니다"),
        (_Q5.replace("2 * hits / (real.sum() + said.sum())", "hits / real.sum()"), "예측 넷입니다"),
    ),
)

_Q6 = '''import numpy as np

def choose_threshold(outside, allowed):
    for threshold in [0.0, *np.nextafter(np.sort(outside), np.inf)]:
        if np.mean(outside >= threshold) <= allowed:
            return float(threshold)'''

q6 = Exercise(
    name="q6",
    title="문턱 고르기",
    question=(
        "답이 없는 말에 잘못 답하는 비율을 정해진 만큼으로 묶고 싶습니다. NumPy로 `choose_threshold(outside, "
        "allowed)`를 완성하세요. `outside`는 답이 없는 말의 최고 점수 (n,)이고 0 이상입니다. 점수가 문턱 "
        "**이상**이면 답한다고 할 때, 잘못 답하는 비율이 `allowed`를 넘지 않는 **가장 낮은** 문턱을 돌려줍니다. "
        "문턱의 후보는 0과, `outside`의 점수마다 그보다 **바로 위**의 실수(`np.nextafter(점수, np.inf)`)입니다."
    ),
    answer="choose_threshold",
    blank="import numpy as np\n\ndef choose_threshold(outside, allowed):\n    ...  # 여기를 채우세요",
    source=_Q6,
    explanation=(
        "비율은 점수를 하나 넘을 때만 줄어드니 후보는 n + 1개면 충분합니다. 낮은 문턱일수록 답할 수 있는 말을 덜 "
        "놓칩니다. 이렇게 고른 문턱은 반드시 **다른** 말로 재야 합니다."
    ),
    hints=(
        "후보를 낮은 것부터 늘어놓고 처음으로 조건을 만족하는 것을 돌려주면 됩니다.",
        "잘못 답하는 비율은 np.mean(outside >= threshold)입니다.",
        "모든 말에 답해도 되면(allowed가 1) 문턱은 0입니다.",
    ),
    cases=(
        Case((np.array([0.2, 0.8, 0.5, 0.4]), 0.25), 0.5, "하나(0.8)까지는 괜찮으니 0.5 바로 위입니다."),
        Case((np.array([0.2, 0.8, 0.5, 0.4]), 0.0), 0.8, "하나도 답하지 않으려면 0.8 바로 위입니다."),
        Case((np.array([0.2, 0.8]), 1.0), 0.0, "모두 답해도 되면 0입니다."),
        Case((np.array([0.6, 0.6, 0.6, 0.1]), 0.5), 0.6, "같은 점수 셋은 한꺼번에 넘어야 합니다."),
        Case((np.array([0.9, 0.3, 0.7, 0.1, 0.5]), 0.45), 0.5, "다섯 가운데 둘은 40%입니다."),
    ),
    wrong=(
        (_Q6.replace("<= allowed", "< allowed"), "하나(0.8)까지는"),
        (_Q6.replace("np.sort(outside)", "np.sort(outside)[::-1]"), "하나(0.8)까지는"),
        (_Q6.replace("[0.0, *np.nextafter", "[*np.nextafter"), "모두 답해도"),
        (_Q6.replace("np.mean(outside >= threshold)", "np.sum(outside >= threshold)"), "하나(0.8)까지는"),
    ),
)

q7 = Exercise(
    name="q7",
    title="실행하지 않고 아는 수",
    question=(
        "실행하지 않고 셈해 보세요. 질문 11,823개가 있고, 모델이 문장 하나(또는 쌍 하나)를 읽는 데 4 ms가 걸린다고 "
        "합시다. `cross_seconds`는 물음 하나를 교차 인코더로 **모든** 질문과 견주는 데 걸리는 초, `bi_passes`는 "
        "질문의 벡터를 만들어 둔 다음 바이 인코더가 물음 하나에 새로 읽는 문장의 수, `two_stage_ms`는 바이 인코더로 "
        "열 개를 골라 교차 인코더로 다시 줄 세우는 데 걸리는 ms(행렬 곱은 세지 않음), `all_pairs`는 질문끼리 서로 "
        "다른 쌍의 수, `index_mb`는 256차원 벡터를 32비트로 "
        "저장한 색인의 크기(백만 바이트)입니다. 소수는 0.01까지 맞으면 됩니다."
    ),
    answer="answer",
    blank=(
        "answer = {\n"
        '    "cross_seconds": ...,  # 여기를 채우세요\n'
        '    "bi_passes": ...,\n'
        '    "two_stage_ms": ...,\n'
        '    "all_pairs": ...,\n'
        '    "index_mb": ...,\n'
        "}"
    ),
    source=(
        "count = 11_823\n\n"
        "answer = {\n"
        '    "cross_seconds": count * 4 / 1_000,\n'
        '    "bi_passes": 1,\n'
        '    "two_stage_ms": 4 + 10 * 4,\n'
        '    "all_pairs": count * (count - 1) // 2,\n'
        '    "index_mb": count * 256 * 4 / 1e6,\n'
        "}"
    ),
    explanation=(
        "물음 하나에 47초가 걸리는 일이 44 ms로 줄었습니다. 둘째 단계는 첫 단계가 고른 열 개만 보므로, 첫 단계가 "
        "놓친 정답은 되살릴 수 없습니다."
    ),
    hints=(
        "교차 인코더는 쌍마다 새로 읽습니다. 4 ms를 11,823번입니다.",
        "첫 단계는 물음 한 문장, 둘째 단계는 열 쌍을 읽습니다.",
        "서로 다른 쌍은 n(n − 1) / 2개이고, 32비트는 4바이트입니다.",
    ),
    cases=(
        Case(("cross_seconds",), 47.292, "4 ms를 11,823번이고, 1초는 1,000 ms입니다."),
        Case(("bi_passes",), 1, "새로 읽는 것은 물음뿐입니다."),
        Case(("two_stage_ms",), 44.0, "물음 하나와 열 쌍을 읽습니다."),
        Case(("all_pairs",), 69885753, "n(n − 1) / 2개입니다."),
        Case(("index_mb",), 12.106752, "질문마다 256개, 하나에 4바이트입니다."),
    ),
    wrong=(
        ("answer = {'cross_seconds': 47292, 'bi_passes': 1, 'two_stage_ms': 44, 'all_pairs': 69885753, "
         "'index_mb': 12.11}", "1,000 ms"),
        ("answer = {'cross_seconds': 47.292, 'bi_passes': 11823, 'two_stage_ms': 44, 'all_pairs': 69885753, "
         "'index_mb': 12.11}", "물음뿐"),
        ("answer = {'cross_seconds': 47.292, 'bi_passes': 1, 'two_stage_ms': 40, 'all_pairs': 69885753, "
         "'index_mb': 12.11}", "열 쌍"),
        ("answer = {'cross_seconds': 47.292, 'bi_passes': 1, 'two_stage_ms': 44, 'all_pairs': 139771506, "
         "'index_mb': 12.11}", "n(n − 1)"),
        ("answer = {'cross_seconds': 47.292, 'bi_passes': 1, 'two_stage_ms': 44, 'all_pairs': 69885753, "
         "'index_mb': 3.03}", "4바이트"),
        ("answer = {'cross_seconds': 47.292, 'bi_passes': 1, 'two_stage_ms': 44, 'all_pairs': 11823 * 11823 / 2, "
         "'index_mb': 12.11}", "정수여야 하는데 float"),
        ("answer = {'cross_seconds': 47.292, 'bi_passes': 1, 'two_stage_ms': 44, 'all_pairs': 11823 * 11824 // 2, "
         "'index_mb': 12.11}", "n(n − 1)"),
        ("answer = {'cross_seconds': 47, 'bi_passes': 1, 'two_stage_ms': 44, 'all_pairs': 69885753, "
         "'index_mb': 12.11}", "4 ms를 11,823번"),
    ),
    tolerance=0.01,
)

_Q8 = '''def group_folds(groups, count):
    sizes = {group: groups.count(group) for group in groups}
    held, fold_of = [0] * count, {}
    for group, size in sizes.items():
        fold_of[group] = held.index(min(held))
        held[fold_of[group]] += size
    return [fold_of[group] for group in groups]'''

q8 = Exercise(
    name="q8",
    title="묶음으로 나누기",
    question=(
        "전제가 같은 행이 늘 같은 겹에 들도록 나누려고 합니다. 함수 `group_folds(groups, count)`를 완성하세요. "
        "`groups`는 행마다의 묶음 이름(전제)의 리스트이고, 행마다 겹의 번호(0부터 `count - 1`까지)를 리스트로 "
        "돌려줍니다. 묶음을 **처음 나온 차례대로** 하나씩, 그때까지 **행이 가장 적게** 든 겹에 통째로 넣습니다. "
        "행의 수가 같은 겹이 여럿이면 번호가 가장 작은 겹에 넣습니다."
    ),
    answer="group_folds",
    blank="def group_folds(groups, count):\n    ...  # 여기를 채우세요",
    source=_Q8,
    explanation=(
        "묶음마다 겹을 하나 정하고, 행은 제 묶음의 겹을 따릅니다. 이렇게 나누면 한 전제의 레이블이 학습과 평가에 "
        "갈라질 수 없으니 외우기도 지우기도 통하지 않습니다. scikit-learn의 GroupKFold는 큰 묶음부터 넣어 겹의 크기를 "
        "더 고르게 합니다."
    ),
    hints=(
        "먼저 묶음마다 행이 몇 개인지 셉니다. 딕셔너리는 처음 넣은 차례를 지킵니다.",
        "겹마다 지금까지 든 행의 수를 리스트로 적어 두고, held.index(min(held))로 가장 빈 겹을 고릅니다.",
        "마지막에는 행마다 제 묶음의 겹을 늘어놓습니다.",
    ),
    cases=(
        Case((["가", "가", "나", "다"], 2), [0, 0, 1, 1], "‘가’에 두 행이 있으니 ‘나’와 ‘다’는 1번 겹에 듭니다."),
        Case((["가", "나", "가", "나", "가"], 2), [0, 1, 0, 1, 0], "떨어져 있어도 같은 묶음은 같은 겹입니다."),
        Case((["가", "나", "다", "라"], 3), [0, 1, 2, 0], "행의 수가 같으면 번호가 작은 겹입니다."),
        Case((["가", "가", "가", "나", "다", "다", "라"], 2), [0, 0, 0, 1, 1, 1, 0],
             "‘라’를 넣을 때 두 겹에 모두 세 행이 있으니 0번입니다."),
        Case((["나", "나", "가"], 3), [0, 0, 1], "묶음이 겹보다 적으면 빈 겹이 남습니다."),
    ),
    wrong=(
        ("def group_folds(groups, count):\n    return [row % count for row in range(len(groups))]", "‘가’에 두 행"),
        ("def group_folds(groups, count):\n    names = list(dict.fromkeys(groups))\n"
         "    return [names.index(group) % count for group in groups]", "‘가’에 두 행"),
        (_Q8.replace("held.index(min(held))", "max(i for i in range(count) if held[i] == min(held))"), "‘가’에 두 행"),
        (_Q8.replace("+= size", "+= 1"), "‘가’에 두 행"),
        (_Q8.replace("in sizes.items()", "in sorted(sizes.items())"), "빈 겹"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6, q7, q8)
