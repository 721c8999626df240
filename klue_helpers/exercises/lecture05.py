"""Exercises of lecture 5: data checks, padding, loss, macro F1, confidence, relations, trees (taught in lecture 5)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''def contradictory(texts, labels):
    def key(text):
        return "".join(text.split())

    seen = {}
    for text, label in zip(texts, labels):
        seen.setdefault(key(text), set()).add(label)
    return [text for text in texts if len(seen[key(text)]) > 1]'''

q1 = Exercise(
    name="q1",
    title="레이블이 엇갈린 글 찾기",
    question=(
        "같은 글에 서로 다른 레이블이 달려 있으면 어느 쪽을 배워야 할지 알 수 없습니다. 함수 "
        "`contradictory(texts, labels)`를 완성하세요. 공백을 모두 없앴을 때 같아지는 글을 같은 글로 보고, 레이블이 "
        "**둘 이상** 달린 글을 `texts`에 나온 순서와 모습 그대로 리스트에 담아 돌려줍니다. 엇갈린 글은 한쪽만이 "
        "아니라 나온 것을 모두 담습니다. `texts`와 `labels`의 길이는 같습니다."
    ),
    answer="contradictory",
    blank="def contradictory(texts, labels):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "글을 한 번 훑어 열쇠마다 레이블의 집합을 모으고, 다시 훑으며 집합의 크기가 2 이상인 글을 고릅니다. 첫 번째 "
        "훑기가 끝나기 전에는 뒤에 엇갈린 레이블이 나올지 알 수 없으므로 두 번 훑어야 합니다."
    ),
    hints=(
        "열쇠(공백을 없앤 글)에서 레이블의 집합으로 가는 dict를 먼저 만들어 보세요.",
        "seen.setdefault(key, set()).add(label)을 쓰면 처음 나온 열쇠도 따로 다루지 않아도 됩니다.",
        "dict를 다 만든 다음 texts를 처음부터 다시 돌며 집합의 크기를 봅니다.",
    ),
    cases=(
        Case((["음악만 남았다", "또 보고 싶다", "음악만 남았다"], [0, 1, 1]), ["음악만 남았다", "음악만 남았다"],
             "엇갈린 글은 나온 것을 모두, 원래 순서대로 담아야 합니다."),
        Case((["결말이 다 했다", "결말이 다 했다"], [1, 1]), [],
             "되풀이된 글이라도 레이블이 같으면 모순이 아닙니다."),
        Case((["두 번 봤다", "두번 봤다", "졸았다"], [1, 0, 0]), ["두 번 봤다", "두번 봤다"],
             "띄어쓰기만 다른 글은 같은 글입니다. 돌려줄 때는 원래 모습 그대로여야 합니다."),
        Case((["나", "가", "나", "가", "다"], [1, 0, 0, 1, 1]), ["나", "가", "나", "가"],
             "texts에 나온 순서를 지켜야 합니다. set을 결과로 쓰면 순서와 횟수가 사라집니다."),
        Case((["여운", "여운", "여운"], [0, 2, 5]), ["여운", "여운", "여운"],
             "레이블은 0과 1만이 아닐 수 있습니다. 서로 다른 레이블의 가짓수를 세세요."),
    ),
    wrong=(
        (_Q1.replace("[text for text in texts if", "[text for text in dict.fromkeys(texts) if"), "나온 것을 모두"),
        ("def contradictory(texts, labels):\n    return [t for t in texts if texts.count(t) > 1]",
         "레이블이 같으면 모순이"),
        (_Q1.replace('"".join(text.split())', "text"), "띄어쓰기만 다른 글"),
        (_Q1.replace("[text for", "[key(text) for"), "공백만 다릅니다"),
        ("def contradictory(texts, labels):\n    seen, result = {}, []\n    for t, y in zip(texts, labels):\n"
         "        k = ''.join(t.split())\n        if seen.setdefault(k, y) != y:\n            result.append(t)\n"
         "    return result", "나온 것을 모두"),
        (_Q1.replace("len(seen[key(text)]) > 1", "{0, 1} <= seen[key(text)]"), "가짓수를 세세요"),
    ),
)

_Q2 = '''def pad_batch(sequences, pad_id=0):
    longest = max(len(ids) for ids in sequences)
    padded = [ids + [pad_id] * (longest - len(ids)) for ids in sequences]
    mask = [[1] * len(ids) + [0] * (longest - len(ids)) for ids in sequences]
    return padded, mask'''

q2 = Exercise(
    name="q2",
    title="채우고 가리기",
    question=(
        "함수 `pad_batch(sequences, pad_id=0)`를 완성하세요. `sequences`는 길이가 다른 토큰 번호 리스트의 "
        "리스트입니다. 가장 긴 줄에 맞추어 짧은 줄의 **뒤를** `pad_id`로 채운 리스트와, 진짜 토큰은 1이고 채운 자리는 "
        "0인 `attention_mask`를 `(padded, mask)`로 돌려줍니다. 받은 리스트를 바꾸어서는 안 되고, 진짜 토큰의 번호가 "
        "우연히 `pad_id`와 같을 수도 있습니다."
    ),
    answer="pad_batch",
    blank="def pad_batch(sequences, pad_id=0):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "마스크는 번호를 보고 만드는 것이 아니라 **길이**를 보고 만듭니다. 번호가 pad_id와 같은지로 만들면 진짜 토큰을 "
        "가릴 수 있습니다. ids + [...]는 새 리스트를 만들므로 받은 리스트가 그대로 남습니다."
    ),
    hints=(
        "가장 긴 줄의 길이를 먼저 구하세요. 채울 개수는 그 길이에서 자기 길이를 뺀 것입니다.",
        "[pad_id] * 3 은 [pad_id, pad_id, pad_id]입니다. 리스트끼리는 +로 이어집니다.",
        "마스크는 [1] * len(ids)에 [0]을 채울 개수만큼 이은 것입니다.",
    ),
    cases=(
        Case(([[2, 7, 3], [2, 3]],), ([[2, 7, 3], [2, 3, 0]], [[1, 1, 1], [1, 1, 0]]),
             "채운 리스트와 마스크를 차례로 돌려주세요. 채우는 자리는 줄의 뒤입니다."),
        Case(([[5, 6], [7, 8]],), ([[5, 6], [7, 8]], [[1, 1], [1, 1]]),
             "길이가 모두 같으면 채울 것이 없고 마스크는 모두 1입니다."),
        Case(([[4], [4, 5, 6]], 9), ([[4, 9, 9], [4, 5, 6]], [[1, 0, 0], [1, 1, 1]]),
             "채우는 번호는 늘 0이 아니라 pad_id입니다. 긴 줄이 나중에 나와도 앞의 줄을 채워야 합니다."),
        Case(([[2, 0, 3], [2]], 0), ([[2, 0, 3], [2, 0, 0]], [[1, 1, 1], [1, 0, 0]]),
             "진짜 토큰의 번호가 pad_id와 같을 수 있습니다. 마스크는 번호가 아니라 길이로 만드세요."),
        Case(([[], [8]],), ([[0], [8]], [[0], [1]]), "빈 줄은 모두 채운 자리가 됩니다."),
    ),
    wrong=(
        (_Q2.replace("return padded, mask", "return mask, padded"), "채운 리스트와 마스크를 차례로"),
        (_Q2.replace("ids + [pad_id] * (longest - len(ids))", "[pad_id] * (longest - len(ids)) + ids"),
         "줄의 뒤입니다"),
        (_Q2.replace("[pad_id] *", "[0] *"), "0이 아니라 pad_id"),
        (_Q2.replace("max(len(ids) for ids in sequences)", "len(sequences[0])"), "긴 줄이 나중에"),
        (_Q2.replace("[[1] * len(ids) + [0] * (longest - len(ids)) for ids in sequences]",
                     "[[int(i != pad_id) for i in ids] for ids in padded]"), "길이로 만드세요"),
        (_Q2.replace("padded = [ids + [pad_id] * (longest - len(ids)) for ids in sequences]",
                     "padded = [ids.extend([pad_id] * (longest - len(ids))) or ids for ids in sequences]"),
         "채운 리스트와 마스크를 차례로"),
        (_Q2.replace("    return padded", "    for ids in sequences:\n        ids += [pad_id] * (longest - len(ids))\n"
                     "    return padded"), "인자를 바꾸었습니다"),
    ),
)

q3 = Exercise(
    name="q3",
    title="모양과 첫 손실 예상하기",
    question=(
        "실행하지 않고 예상해 보세요. `hidden_size`가 256인 미니 BERT에 글 4개를 길이 16으로 채워 넣습니다. 출력의 "
        "모양을 튜플로, 모델이 모든 레이블에 **똑같은 확률**을 줄 때의 손실을 소수로 적습니다. `logits_7`과 "
        "`loss_7`은 레이블이 7개인 과제(ynat)의 로짓과 손실이고, `loss_2`는 레이블이 2개일 때의 손실입니다. 머리를 "
        "난수로 갓 붙인 모델의 첫 손실이 이 값 언저리입니다. 손실은 0.01까지 맞으면 됩니다."
    ),
    answer="answer",
    blank=(
        "answer = {\n"
        '    "last_hidden_state": ...,  # 여기를 채우세요\n'
        '    "pooler_output": ...,\n'
        '    "logits_7": ...,\n'
        '    "loss_2": ...,\n'
        '    "loss_7": ...,\n'
        "}"
    ),
    source=(
        "import math\n\n"
        "answer = {\n"
        '    "last_hidden_state": (4, 16, 256),\n'
        '    "pooler_output": (4, 256),\n'
        '    "logits_7": (4, 7),\n'
        '    "loss_2": math.log(2),\n'
        '    "loss_7": math.log(7),\n'
        "}"
    ),
    explanation=(
        "`last_hidden_state`에는 토큰마다 벡터가 하나씩 있고, 풀러는 `[CLS]` 하나만 남깁니다. 아무것도 모르는 모델은 "
        "레이블 K개에 고르게 1/K의 확률을 주므로 손실은 ln K, 곧 0.69와 1.95입니다."
    ),
    hints=(
        "last_hidden_state는 (묶음, 길이, d)이고, 풀러를 지나면 길이의 축이 사라집니다.",
        "로짓은 글마다 레이블의 수만큼 나옵니다. 글은 네 개입니다.",
        "고르게 찍으면 정답의 확률은 1/K이고, 손실은 그 로그의 부호를 바꾼 것입니다.",
    ),
    cases=(
        Case(("last_hidden_state",), (4, 16, 256), "글마다, 토큰마다 벡터가 하나씩 나옵니다."),
        Case(("pooler_output",), (4, 256), "풀러는 [CLS] 자리의 벡터만 씁니다. 길이의 축이 남아 있지 않습니다."),
        Case(("logits_7",), (4, 7), "글 하나에 레이블마다 점수가 하나씩 나옵니다."),
        Case(("loss_2",), 0.6931, "정답에 확률 1/2을 줄 때의 손실입니다. 자연로그를 씁니다."),
        Case(("loss_7",), 1.9459, "레이블이 일곱이면 정답의 확률은 1/7입니다."),
    ),
    wrong=(
        ("answer = {'last_hidden_state': (4, 256), 'pooler_output': (4, 256), 'logits_7': (4, 7), 'loss_2': 0.693, "
         "'loss_7': 1.946}", "토큰마다 벡터가"),
        ("answer = {'last_hidden_state': (4, 16, 256), 'pooler_output': (4, 16, 256), 'logits_7': (4, 7), "
         "'loss_2': 0.693, 'loss_7': 1.946}", "길이의 축이"),
        ("answer = {'last_hidden_state': (4, 16, 256), 'pooler_output': (4, 256), 'logits_7': (7,), "
         "'loss_2': 0.693, 'loss_7': 1.946}", "글 하나에 레이블마다"),
        ("answer = {'last_hidden_state': (4, 16, 256), 'pooler_output': (4, 256), 'logits_7': (4, 7), "
         "'loss_2': 0.5, 'loss_7': 1.946}", "확률 1/2을 줄 때"),
        ("answer = {'last_hidden_state': (4, 16, 256), 'pooler_output': (4, 256), 'logits_7': (4, 7), "
         "'loss_2': 0.693, 'loss_7': 0.693}", "정답의 확률은 1/7"),
    ),
    tolerance=0.01,
)

_LOGITS = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
_Q4 = '''import numpy as np

def weighted_loss(logits, labels, weights):
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1))
    losses = log_total - shifted[rows, labels]
    of_row = weights[labels]
    return (of_row * losses).sum() / of_row.sum()'''

q4 = Exercise(
    name="q4",
    title="드문 레이블에 무게를 주는 손실",
    question=(
        "혐오 표현처럼 한쪽 레이블이 드물면 모델은 흔한 쪽만 찍으려 합니다. 그래서 레이블마다 무게를 둔 교차 "
        "엔트로피를 씁니다. NumPy로 `weighted_loss(logits, labels, weights)`를 완성하세요. `logits`는 (n, K), "
        "`labels`는 (n,), `weights`는 (K,)인 배열입니다. 글마다 교차 엔트로피를 구해 **정답 레이블의 무게**를 곱하고, "
        "그 합을 **무게의 합**으로 나눕니다. 로짓이 1000처럼 커도 넘치지 않아야 합니다."
    ),
    answer="weighted_loss",
    blank="import numpy as np\n\ndef weighted_loss(logits, labels, weights):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation=(
        "글 수가 아니라 무게의 합으로 나누므로 무게를 모두 두 배로 해도 손실이 같습니다. torch의 "
        "`cross_entropy(…, weight=…)`도 이렇게 셈합니다. 줄마다 가장 큰 로짓을 빼도 소프트맥스는 그대로입니다."
    ),
    hints=(
        "먼저 글마다의 교차 엔트로피, 곧 log(Σ exp(s)) - s_정답을 구하세요.",
        "logits.max(axis=1, keepdims=True)를 먼저 빼면 exp가 넘치지 않습니다.",
        "weights[labels]는 글마다 자기 정답의 무게를 담은 배열입니다. 나눌 때도 이것의 합을 씁니다.",
    ),
    cases=(
        Case((_LOGITS, np.array([0, 0, 1]), np.array([1.0, 1.0])), 0.711112293,
             "무게가 모두 1이면 보통의 교차 엔트로피 평균과 같아야 합니다."),
        Case((_LOGITS, np.array([0, 0, 1]), np.array([1.0, 3.0])), 0.703926248,
             "글마다 정답 레이블의 무게를 곱하고, 글 수가 아니라 무게의 합으로 나눕니다."),
        Case((_LOGITS, np.array([0, 0, 1]), np.array([10.0, 30.0])), 0.703926248,
             "무게를 모두 열 배로 해도 손실은 같아야 합니다. 무게의 합으로 나누었는지 살펴보세요."),
        Case((np.array([[1000.0, 0.0], [0.0, -1000.0]]), np.array([0, 0]), np.array([1.0, 2.0])), 0.0,
             "로짓이 크면 exp가 넘칩니다. 줄마다 가장 큰 로짓을 먼저 빼세요."),
        Case((np.array([[0.0, 0.0, 0.0]]), np.array([2]), np.array([1.0, 1.0, 5.0])), 1.098612289,
             "레이블이 셋이고 로짓이 모두 같으면 손실은 ln 3입니다."),
    ),
    wrong=(
        (_Q4.replace(" / of_row.sum()", " / len(labels)"), "무게의 합으로 나눕니다"),
        (_Q4.replace("weights[labels]", "np.ones(len(labels))"), "정답 레이블의 무게를 곱하고"),
        (_Q4.replace("logits - logits.max(axis=1, keepdims=True)", "logits"), "가장 큰 로짓을 먼저"),
        (_Q4.replace("log_total - shifted[rows, labels]", "shifted[rows, labels] - log_total"),
         "보통의 교차 엔트로피 평균과"),
        (_Q4.replace("return (of_row * losses).sum() / of_row.sum()", "return of_row * losses"),
         "보통의 교차 엔트로피 평균과"),
        (_Q4.replace("weights[labels]", "weights[logits.argmax(axis=1)]"), "정답 레이블의 무게를 곱하고"),
        (_Q4.replace("logits.max(axis=1, keepdims=True)", "logits.max()"), "가장 큰 로짓을 먼저"),
        (_Q4.replace("    shifted = logits - logits.max(axis=1, keepdims=True)\n",
                     "    logits -= logits.max(axis=1, keepdims=True)\n    shifted = logits\n"), "인자를 바꾸었습니다"),
    ),
)

_Q5 = '''def macro_f1(gold, predicted):
    scores = []
    for label in sorted(set(gold) | set(predicted)):
        hits = sum(g == p == label for g, p in zip(gold, predicted))
        total = gold.count(label) + predicted.count(label)
        scores.append(2 * hits / total)
    return sum(scores) / len(scores)'''

q5 = Exercise(
    name="q5",
    title="매크로 F1을 손으로",
    question=(
        "함수 `macro_f1(gold, predicted)`를 완성하세요. 두 인자는 레이블의 리스트이고 길이가 같으며 비어 있지 "
        "않습니다. 정답이나 예측에 한 번이라도 나온 레이블마다 F1을 구해 **고르게** 평균합니다. 레이블 하나의 F1은 "
        "정밀도와 재현율의 조화 평균인데, 맞힌 수를 h, 정답에 나온 수를 g, 예측에 나온 수를 p라 하면 2h/(g+p)와 "
        "같습니다. 맞힌 것이 하나도 없는 레이블의 F1은 0입니다."
    ),
    answer="macro_f1",
    blank="def macro_f1(gold, predicted):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "2h/(g+p)로 쓰면 정밀도나 재현율의 분모가 0인 경우를 따로 다루지 않아도 됩니다. 레이블이 드물든 흔하든 한 표씩 "
        "가지므로, 흔한 레이블만 찍는 모델은 정확도가 높아도 매크로 F1이 낮습니다."
    ),
    hints=(
        "레이블의 목록은 set(gold) | set(predicted)입니다.",
        "맞힌 수는 정답과 예측이 모두 그 레이블인 자리의 수입니다.",
        "레이블마다 2h/(g+p)를 구해 더하고 레이블의 수로 나눕니다.",
    ),
    cases=(
        Case(([0, 0, 1, 1], [0, 1, 1, 1]), 11 / 15,
             "레이블 0의 F1은 2/3, 레이블 1의 F1은 4/5이고, 둘의 평균이 답입니다."),
        Case(([1, 1, 1, 1, 0], [1, 1, 1, 1, 1]), 4 / 9,
             "늘 1이라고 답했습니다. 정확도는 0.8이지만 레이블 0의 F1은 0이고, 평균에 함께 들어갑니다."),
        Case((["정치", "경제"], ["정치", "정치"]), 1 / 3, "레이블은 0과 1만이 아니라 문자열일 수도 있습니다."),
        Case(([0, 0, 0], [0, 0, 2]), 2 / 5,
             "예측에만 나온 레이블도 F1이 0인 레이블로 셉니다."),
        Case(([0] * 8 + [1, 1], [0] * 8 + [1, 0]), 41 / 51,
             "글의 수로 가중하지 않고 레이블마다 고르게 평균합니다."),
    ),
    wrong=(
        ("def macro_f1(gold, predicted):\n    return sum(g == p for g, p in zip(gold, predicted)) / len(gold)",
         "둘의 평균이 답입니다"),
        (_Q5.replace("sorted(set(gold) | set(predicted))", "sorted(set(predicted))"), "평균에 함께 들어갑니다"),
        (_Q5.replace("sorted(set(gold) | set(predicted))", "(0, 1)"), "ZeroDivisionError"),
        (_Q5.replace("sorted(set(gold) | set(predicted))", "sorted(set(gold))"), "예측에만 나온 레이블도"),
        (_Q5.replace("scores.append(2 * hits / total)", "scores.append(hits / gold.count(label))"),
         "둘의 평균이 답입니다"),
        (_Q5.replace("scores.append(2 * hits / total)",
                     "scores.append(2 * hits / total * gold.count(label))")
            .replace("/ len(scores)", "/ len(gold)"), "평균에 함께 들어갑니다"),
    ),
)

_Q6 = '''import numpy as np

def answer_when_sure(probabilities, gold, threshold):
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == gold
    sure = confidence >= threshold
    if not sure.any():
        return 0.0, None
    return sure.mean(), correct[sure].mean()'''

q6 = Exercise(
    name="q6",
    title="확신이 있을 때만 답하기",
    question=(
        "잘 보정된 모델은 자신이 없을 때 사람에게 넘길 수 있습니다. 함수 `answer_when_sure(probabilities, gold, "
        "threshold)`를 완성하세요. `probabilities`는 (n, K), `gold`는 (n,)인 NumPy 배열입니다. 가장 큰 확률이 "
        "`threshold` **이상**인 글에만 답한다고 할 때, 답한 글의 비율과 **답한 글 가운데** 맞힌 비율을 "
        "`(coverage, accuracy)`로 돌려줍니다. 답한 글이 하나도 없으면 `(0.0, None)`입니다."
    ),
    answer="answer_when_sure",
    blank=(
        "import numpy as np\n\n"
        "def answer_when_sure(probabilities, gold, threshold):\n    ...  # 여기를 채우세요"
    ),
    source=_Q6,
    explanation=(
        "참·거짓 배열의 평균은 참의 비율입니다. 정확도의 분모는 모든 글이 아니라 답한 글입니다. 문턱을 높이면 답하는 "
        "글은 줄고 정확도는 대개 오르는데, 얼마나 오르는지가 곧 확신의 쓸모입니다."
    ),
    hints=(
        "확신은 probabilities.max(axis=1), 예측은 probabilities.argmax(axis=1)입니다.",
        "sure = confidence >= threshold 는 참·거짓의 배열이고, sure.mean()이 답한 비율입니다.",
        "correct[sure]는 답한 글의 맞고 틀림만 남긴 배열입니다. 비어 있을 때를 먼저 다루세요.",
    ),
    cases=(
        Case((np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.55, 0.45]]), np.array([0, 0, 1, 0]), 0.7), (0.5, 1.0),
             "확신이 0.7 이상인 글은 둘이고 둘 다 맞혔습니다. 부정을 확신하는 것도 확신입니다."),
        Case((np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.55, 0.45]]), np.array([0, 0, 1, 0]), 0.6), (0.75, 2 / 3),
             "확신이 문턱과 같으면 답합니다. 맞힌 비율의 분모는 답한 글의 수입니다."),
        Case((np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([1, 1]), 0.0), (1.0, 0.5),
             "문턱이 0이면 모두 답하므로 보통의 정확도와 같습니다."),
        Case((np.array([[0.6, 0.4]]), np.array([0]), 0.99), (0.0, None),
             "답한 글이 없으면 정확도를 정할 수 없습니다. 먼저 확인하고 (0.0, None)을 돌려주세요."),
        Case((np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]), np.array([1, 0]), 0.5), (1.0, 0.5),
             "레이블이 셋일 수도 있습니다. 둘째 열만 보지 말고 가장 큰 확률을 쓰세요."),
    ),
    wrong=(
        (_Q6.replace("probabilities.max(axis=1)", "probabilities[:, 1]"), "부정을 확신하는 것도"),
        (_Q6.replace("confidence >= threshold", "confidence > threshold"), "문턱과 같으면 답합니다"),
        (_Q6.replace("correct[sure].mean()", "(correct & sure).mean()"), "확신이 0.7 이상인 글은 둘"),
        (_Q6.replace("    if not sure.any():\n        return 0.0, None\n", ""), "정확도를 정할 수 없습니다"),
        (_Q6.replace("sure.mean(), correct[sure].mean()", "correct[sure].mean(), sure.mean()"),
         "확신이 0.7 이상인 글은 둘"),
        (_Q6.replace("probabilities.max(axis=1)", "np.maximum(probabilities[:, 0], probabilities[:, 1])")
            .replace("probabilities.argmax(axis=1) == gold", "(probabilities[:, 1] >= 0.5) == gold"),
         "레이블이 셋일 수도"),
    ),
)

_Q7 = '''def relation_f1(gold, predicted):
    hits = sum(g == p != "no_relation" for g, p in zip(gold, predicted))
    total = sum(label != "no_relation" for label in [*gold, *predicted])
    return 2 * hits / total if total else 0.0'''

q7 = Exercise(
    name="q7",
    title="관계없음을 뺀 마이크로 F1",
    question=(
        "함수 `relation_f1(gold, predicted)`를 완성하세요. 두 인자는 길이가 같은 레이블 이름의 리스트입니다. "
        "`\"no_relation\"`이 아닌 레이블만 보아, 맞힌 수를 h, 정답에 나온 수를 g, 예측에 나온 수를 p라 할 때 "
        "2h/(g+p)를 0과 1 사이의 값으로 돌려줍니다. 정답과 예측이 모두 `\"no_relation\"`이면 0.0입니다."
    ),
    answer="relation_f1",
    blank="def relation_f1(gold, predicted):\n    ...  # 여기를 채우세요",
    source=_Q7,
    explanation=(
        "관계없음을 관계없음이라고 맞힌 것은 h에 들지 않지만, 관계없음을 관계로 잘못 답하면 p가 늘고 관계를 놓치면 g만 "
        "남아 점수가 내려갑니다. 문장을 빼고 세는 것이 아니라 레이블을 빼고 셉니다."
    ),
    hints=(
        "정답과 예측이 같고 no_relation이 아닌 자리의 수가 h입니다.",
        "g는 정답에서, p는 예측에서 따로 셉니다. 한쪽만 no_relation인 문장도 다른 쪽에는 세어집니다.",
        "g + p가 0이면 나눌 수 없습니다. 먼저 확인하세요.",
    ),
    cases=(
        Case((["per:title", "org:product"], ["per:title", "per:title"]), 0.5,
             "둘 가운데 하나를 맞혔으니 2·1/(2+2)입니다."),
        Case((["no_relation", "per:title"], ["no_relation", "per:title"]), 1.0,
             "관계를 모두 맞혔으면 1입니다."),
        Case((["no_relation", "no_relation", "per:title"], ["no_relation", "no_relation", "org:product"]), 0.0,
             "관계없음을 맞힌 것은 맞힌 수에 넣지 않습니다."),
        Case((["no_relation", "per:title", "per:title"], ["per:title", "per:title", "no_relation"]), 0.5,
             "한쪽만 no_relation인 문장도 다른 쪽의 수에는 들어갑니다."),
        Case((["no_relation"], ["no_relation"]), 0.0, "셀 관계가 하나도 없으면 0.0을 돌려주세요."),
    ),
    wrong=(
        ("def relation_f1(gold, predicted):\n    return sum(g == p for g, p in zip(gold, predicted)) / len(gold)",
         "맞힌 수에 넣지 않습니다"),
        (_Q7.replace('sum(g == p != "no_relation" for', "sum(g == p for"), "관계를 모두 맞혔으면"),
        (_Q7.replace(" if total else 0.0", ""), "셀 관계가 하나도"),
        ("def relation_f1(gold, predicted):\n"
         "    pairs = [(g, p) for g, p in zip(gold, predicted) if g != 'no_relation']\n"
         "    total = sum(p != 'no_relation' for _, p in pairs) + len(pairs)\n"
         "    return 2 * sum(g == p for g, p in pairs) / total if total else 0.0", "한쪽만 no_relation인"),
        (_Q7.replace("2 * hits / total", "hits / total"), "2·1/(2+2)"),
    ),
)

_Q8 = '''def attachment(gold, predicted):
    heads = sum(g[0] == p[0] for g, p in zip(gold, predicted))
    both = sum(g == p for g, p in zip(gold, predicted))
    return heads / len(gold), both / len(gold)'''

q8 = Exercise(
    name="q8",
    title="UAS와 LAS",
    question=(
        "함수 `attachment(gold, predicted)`를 완성하세요. 두 인자는 길이가 같고 비어 있지 않은 리스트이며, 어절마다 "
        "`(지배소 번호, 이름표)` 튜플이 들어 있습니다. 지배소를 맞힌 비율과, 지배소와 이름표를 **함께** 맞힌 비율을 "
        "`(uas, las)`로 돌려줍니다."
    ),
    answer="attachment",
    blank="def attachment(gold, predicted):\n    ...  # 여기를 채우세요",
    source=_Q8,
    explanation=(
        "LAS는 튜플을 통째로 견주고 UAS는 첫 칸만 견줍니다. 이름표만 맞힌 어절은 어느 쪽에도 세지 않으므로 LAS는 UAS를 "
        "넘을 수 없습니다."
    ),
    hints=(
        "튜플의 첫 칸은 g[0]입니다.",
        "튜플끼리 ==로 견주면 두 칸이 모두 같을 때만 참입니다.",
        "두 비율의 분모는 모두 어절의 수입니다.",
    ),
    cases=(
        Case(([(2, "NP_SBJ"), (0, "VP")], [(2, "NP_OBJ"), (0, "VP")]), (1.0, 0.5),
             "지배소는 모두 맞혔고 이름표는 하나가 틀렸습니다."),
        Case(([(3, "NP"), (3, "AP"), (0, "VP")], [(2, "NP"), (3, "AP"), (0, "VP")]), (2 / 3, 2 / 3),
             "지배소가 틀린 어절은 이름표가 맞아도 LAS에 세지 않습니다."),
        Case(([(2, "DP"), (3, "NP"), (4, "NP"), (0, "VP")], [(3, "DP"), (4, "NP"), (4, "AP"), (0, "VP")]),
             (0.5, 0.25), "두 비율의 분모는 어절의 수입니다."),
    ),
    wrong=(
        (_Q8.replace("return heads / len(gold), both", "return both / len(gold), heads"), "지배소는 모두 맞혔고"),
        (_Q8.replace("sum(g == p for", "sum(g[1] == p[1] for"), "LAS에 세지 않습니다"),
        (_Q8.replace("both / len(gold)", "both / heads"), "LAS에 세지 않습니다"),
        (_Q8.replace("sum(g[0] == p[0] for", "sum(g == p for"), "지배소는 모두 맞혔고"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6, q7, q8)
