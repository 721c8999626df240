"""Exercises of lecture 10: permutations, spans, fusion, sources, preferences (taught in lecture 10)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise
from klue_helpers.exercises.pictures import q6, q7, q8, q9

_Q1 = '''def visible(order, place, stream):
    turn = order.index(place)
    last = turn + 1 if stream == "content" else turn
    return sorted(order[:last])'''

q1 = Exercise(
    name="q1",
    title="누가 무엇을 볼 수 있나",
    question=(
        "함수 `visible(order, place, stream)`을 완성하세요. `order`는 맞히는 차례대로 적은 자리의 리스트이고, "
        "`stream`은 `\"content\"`(내용 흐름)나 `\"query\"`(질의 흐름)입니다. 자리 `place`가 볼 수 있는 자리를 **작은 "
        "것부터** 리스트로 돌려줍니다."
    ),
    answer="visible",
    blank="def visible(order, place, stream):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "보이는 것을 정하는 것은 글에서의 자리가 아니라 맞히는 차례입니다. 내용 흐름은 자기까지, 질의 흐름은 자기 "
        "앞까지 봅니다. 질의 흐름이 자기를 보면 정답을 베끼게 됩니다."
    ),
    hints=("place가 order에서 몇 번째인지 먼저 찾습니다.",
           "order를 그 앞까지 자르면 질의 흐름이 보는 것입니다. 내용 흐름은 하나를 더 봅니다.",
           "돌려줄 때는 자리의 번호로 정렬합니다."),
    cases=(
        Case(([0, 1, 2], 2, "query"), [0, 1], "차례가 왼쪽부터이면 질의 흐름은 왼쪽만 봅니다."),
        Case(([0, 1, 2], 2, "content"), [0, 1, 2], "내용 흐름은 자기도 봅니다."),
        Case(([2, 0, 3, 1], 3, "query"), [0, 2], "차례가 앞인 2번과 0번을 봅니다. 작은 것부터 적습니다."),
        Case(([2, 0, 3, 1], 2, "query"), [], "처음으로 맞히는 자리의 질의 흐름은 아무것도 보지 못합니다."),
        Case(([2, 0, 3, 1], 0, "content"), [0, 2], "오른쪽에 있는 2번도 차례가 앞이면 봅니다."),
    ),
    wrong=(
        (_Q1.replace('turn + 1 if stream == "content" else turn', "turn"), "자기도 봅니다"),
        (_Q1.replace('turn + 1 if stream == "content" else turn', "turn + 1"), "왼쪽만 봅니다"),
        (_Q1.replace("sorted(order[:last])", "order[:last]"), "작은 것부터"),
        ('def visible(order, place, stream):\n    return list(range(place + (stream == "content")))', "차례가 앞인"),
    ),
)

_Q2 = '''def t5_pair(tokens, spans):
    source, target, done = [], [], 0
    for number, (start, end) in enumerate(spans):
        name = f"<extra_id_{number}>"
        source += [*tokens[done:start], name]
        target += [name, *tokens[start:end]]
        done = end
    return [source + tokens[done:], target + [f"<extra_id_{len(spans)}>"]]'''

_WORDS = ["비가", "그치고", "골목에", "볕이", "들었다"]
q2 = Exercise(
    name="q2",
    title="읽는 글과 쓰는 글",
    question=(
        "함수 `t5_pair(tokens, spans)`를 완성하세요. `spans`는 가릴 구간의 (첫 자리, 마지막 자리 + 1)을 왼쪽부터 적은 "
        "리스트입니다. T5가 **읽는 글**과 **쓰는 글**을 토큰의 리스트 둘로, `[읽는 글, 쓰는 글]`처럼 돌려줍니다. "
        "표지는 `<extra_id_0>`부터이고, 쓰는 글은 남은 다음 번호의 표지로 끝납니다."
    ),
    answer="t5_pair",
    blank="def t5_pair(tokens, spans):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "읽는 글에는 구간마다 표지 하나만 남고, 쓰는 글에는 빠진 것만 표지와 함께 적힙니다. 두 글을 합치면 원문이 "
        "되므로 잃는 것이 없고, 디코더가 쓸 것은 짧습니다."
    ),
    hints=("구간마다 번호를 세며 돕니다. enumerate가 편합니다.",
           "읽는 글에는 앞 구간의 끝에서 이번 구간의 처음까지를 잇고 표지를 붙입니다.",
           "마지막 구간 뒤에 남은 토큰과, 쓰는 글의 맨 끝 표지를 잊지 마세요."),
    cases=(
        Case((_WORDS, [(1, 2)]), [["비가", "<extra_id_0>", "골목에", "볕이", "들었다"],
                                  ["<extra_id_0>", "그치고", "<extra_id_1>"]],
             "구간 하나가 표지 하나가 되고, 쓰는 글은 다음 표지로 끝납니다."),
        Case((_WORDS, [(0, 2), (3, 4)]), [["<extra_id_0>", "골목에", "<extra_id_1>", "들었다"],
                                          ["<extra_id_0>", "비가", "그치고", "<extra_id_1>", "볕이", "<extra_id_2>"]],
             "구간마다 번호가 하나씩 늘고, 토큰이 여럿이어도 표지는 하나입니다."),
        Case((_WORDS, [(3, 5)]), [["비가", "그치고", "골목에", "<extra_id_0>"],
                                  ["<extra_id_0>", "볕이", "들었다", "<extra_id_1>"]],
             "구간이 글의 끝에 닿으면 뒤에 남는 토큰이 없습니다."),
        Case((_WORDS, []), [_WORDS, ["<extra_id_0>"]], "가린 것이 없으면 쓰는 글은 끝을 알리는 표지뿐입니다."),
    ),
    wrong=(
        (_Q2.replace('target + [f"<extra_id_{len(spans)}>"]', "target"), "다음 표지로 끝납니다"),
        (_Q2.replace("source + tokens[done:]", "source"), "구간 하나가 표지 하나"),
        (_Q2.replace('f"<extra_id_{number}>"', '"<extra_id_0>"'), "번호가 하나씩"),
        (_Q2.replace("        done = end\n", "        done = start + 1\n"), "표지는 하나입니다"),
    ),
)

_Q3 = '''import numpy as np

def fuse(own, pushed, share):
    mixed = np.array(pushed) ** share * np.array(own) ** (1 - share)
    return mixed / mixed.sum()'''

q3 = Exercise(
    name="q3",
    title="두 분포의 기하 평균",
    question=(
        "함수 `fuse(own, pushed, share)`를 완성하세요. `own`은 본래의 확률, `pushed`는 민 뒤의 확률이고 길이가 같은 "
        "리스트입니다. 민 것에 `share`, 본래 것에 `1 - share`의 지수를 준 **기하 평균**을 합이 1이 되도록 고쳐 "
        "NumPy 배열로 돌려줍니다."
    ),
    answer="fuse",
    blank="import numpy as np\n\ndef fuse(own, pushed, share):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation=(
        "기하 평균에서는 어느 한쪽이 0이라고 한 조각이 0으로 남습니다. 그래서 본래 모델이 절대 쓰지 않을 조각은 "
        "아무리 밀어도 나오지 않습니다. 더해서 평균하면 이런 거부권이 사라집니다."
    ),
    hints=("지수를 준 두 배열을 곱합니다. 로그로 생각하면 가중 평균입니다.",
           "곱한 것의 합은 1이 아닙니다. 합으로 나눕니다.",
           "share가 1이면 민 분포, 0이면 본래 분포가 그대로 나와야 합니다."),
    cases=(
        Case(([0.5, 0.5], [0.9, 0.1], 1.0), np.array([0.9, 0.1]), "share가 1이면 민 분포 그대로입니다."),
        Case(([0.8, 0.2], [0.2, 0.8], 0.5), np.array([0.5, 0.5]), "똑같이 섞으면 서로 맞은편인 두 분포는 비깁니다."),
        Case(([0.0, 1.0], [0.9, 0.1], 0.5), np.array([0.0, 1.0]), "본래 모델이 0이라고 한 조각은 0으로 남습니다."),
        Case(([0.64, 0.36], [0.36, 0.64], 0.75), np.array([0.42857142857, 0.57142857143]),
             "0.36의 4분의 3제곱에 0.64의 4분의 1제곱을 곱한 것과 그 반대의 비가 3 대 4입니다."),
    ),
    wrong=(
        (_Q3.replace("mixed / mixed.sum()", "mixed"), "비깁니다"),
        (_Q3.replace("np.array(pushed) ** share * np.array(own) ** (1 - share)",
                     "share * np.array(pushed) + (1 - share) * np.array(own)"), "0으로 남습니다"),
        (_Q3.replace("np.array(pushed) ** share * np.array(own) ** (1 - share)",
                     "np.array(own) ** share * np.array(pushed) ** (1 - share)"), "민 분포 그대로"),
    ),
)

_Q4 = '''def reply(scores, sources, threshold):
    best = max(range(len(scores)), key=scores.__getitem__, default=None)
    if best is None or scores[best] < threshold:
        return "모르겠습니다"
    return sources[best]'''

q4 = Exercise(
    name="q4",
    title="출처가 없으면 모른다고 하기",
    question=(
        "함수 `reply(scores, sources, threshold)`를 완성하세요. `scores`는 찾은 글마다의 점수, `sources`는 그 "
        "출처입니다. 점수가 가장 높은 글의 출처를 돌려주되, 그 점수가 `threshold`보다 **낮거나** 찾은 글이 없으면 "
        "`\"모르겠습니다\"`를 돌려줍니다. 점수가 같으면 앞의 것입니다."
    ),
    answer="reply",
    blank="def reply(scores, sources, threshold):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation=(
        "검색은 언제나 무언가를 찾아냅니다. 가장 가깝다는 것과 충분히 가깝다는 것은 다르므로, 문턱이 있어야 모르는 "
        "것을 모른다고 할 수 있습니다. 문턱은 답이 없는 물음을 섞어 재어 보고 정합니다."
    ),
    hints=("가장 높은 점수의 번호를 먼저 찾습니다. 빈 리스트부터 걸러 냅니다.",
           "문턱과 꼭 같은 점수는 낮은 것이 아닙니다.",
           "max는 같은 값이 여럿이면 앞의 것을 고릅니다."),
    cases=(
        Case(([0.1, 0.7, 0.3], ["가", "나", "다"], 0.5), "나", "점수가 가장 높은 글의 출처입니다."),
        Case(([0.1, 0.2], ["가", "나"], 0.5), "모르겠습니다", "가장 높은 점수도 문턱보다 낮습니다."),
        Case(([0.5, 0.2], ["가", "나"], 0.5), "가", "문턱과 같으면 낮은 것이 아닙니다."),
        Case(([0.6, 0.6], ["가", "나"], 0.5), "가", "점수가 같으면 앞의 것입니다."),
        Case(([], [], 0.5), "모르겠습니다", "찾은 글이 없으면 모른다고 합니다."),
    ),
    wrong=(
        (_Q4.replace(" or scores[best] < threshold", ""), "문턱보다 낮습니다"),
        (_Q4.replace("scores[best] < threshold", "scores[best] <= threshold"), "낮은 것이 아닙니다"),
        ('def reply(scores, sources, threshold):\n    best = scores.index(max(scores))\n'
         '    return sources[best] if scores[best] >= threshold else "모르겠습니다"', "찾은 글이 없으면"),
    ),
)

_Q5 = '''import math

def dpo_loss(chosen, rejected, chosen_first, rejected_first, beta):
    margin = beta * ((chosen - chosen_first) - (rejected - rejected_first))
    return max(-margin, 0) + math.log1p(math.exp(-abs(margin)))'''

q5 = Exercise(
    name="q5",
    title="선호의 손실",
    question=(
        "함수 `dpo_loss(chosen, rejected, chosen_first, rejected_first, beta)`를 완성하세요. 앞의 둘은 배우는 모델이 "
        "본 고른 답과 버린 답의 로그 확률, 뒤의 둘은 **처음 모델**이 본 것입니다. 9.2절의 손실을 돌려줍니다. 차이가 "
        "아주 커도 넘치지 않아야 합니다."
    ),
    answer="dpo_loss",
    blank=("import math\n\ndef dpo_loss(chosen, rejected, chosen_first, rejected_first, beta):\n"
           "    ...  # 여기를 채우세요"),
    source=_Q5,
    explanation=(
        "-log σ(m)은 log(1 + e^(-m))입니다. m이 크게 음수이면 e^(-m)이 넘치므로 -m을 밖으로 꺼내 셈합니다. 처음 모델과 "
        "견주기 때문에, 본래 자주 쓰던 답이라고 해서 점수를 거저 얻지 못합니다."
    ),
    hints=("괄호 안을 먼저 셈합니다. 고른 답이 오른 만큼에서 버린 답이 오른 만큼을 뺍니다.",
           "-log σ(m) = log(1 + e^(-m))이고, 0이면 log 2입니다.",
           "m이 음수이면 -m + log(1 + e^m)으로 바꾸어 셈하면 넘치지 않습니다."),
    cases=(
        Case((-10.0, -12.0, -10.0, -12.0, 0.1), 0.69314718, "처음 모델 그대로이면 log 2입니다."),
        Case((-8.0, -14.0, -10.0, -12.0, 0.5), 0.12692801, "고른 답이 2 오르고 버린 답이 2 내리면 괄호 안은 4입니다."),
        Case((-10.0, -5.0, -10.0, -12.0, 0.1), 1.10318605, "버린 답이 올랐으면 손실이 log 2보다 큽니다."),
        Case((-5000.0, 0.0, 0.0, 0.0, 1.0), 5000.0, "차이가 아주 커도 넘치지 않아야 합니다."),
    ),
    wrong=(
        (_Q5.replace("((chosen - chosen_first) - (rejected - rejected_first))", "(chosen - rejected)"), "log 2입니다"),
        (_Q5.replace("beta * (", "("), "괄호 안은 4"),
        (_Q5.replace("max(-margin, 0) + math.log1p(math.exp(-abs(margin)))",
                     "-math.log(1 / (1 + math.exp(-margin)))"), "넘치지 않아야"),
        (_Q5.replace("(chosen - chosen_first) - (rejected - rejected_first)",
                     "(rejected - rejected_first) - (chosen - chosen_first)"), "괄호 안은 4"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6, q7, q8, q9)
