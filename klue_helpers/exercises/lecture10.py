"""Exercises of lecture 10: permutations, spans, fusion, sources, preferences (taught in lecture 10)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

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
        (_Q3.replace("** share *", "** 0.5 *").replace("** (1 - share)", "** 0.5"), "민 분포 그대로"),
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
        (_Q4.replace("max(range(len(scores))", "max(reversed(range(len(scores)))"), "앞의 것"),
        (_Q4.replace("return sources[best]", "return best"), "나온 자료형: int"),
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
        Case(("파란", "조각"), "파란 조각이 하나 있습니다", "나머지가 1이어도 받침(ㄱ)이 있는 것입니다."),
    ),
    wrong=(
        (_Q7.replace('("이" if closed else "가")', '"이"'), "‘모’에는 받침이 없습니다"),
        (_Q7.replace('("이" if closed else "가")', '("가" if closed else "이")'), "‘원’에는 받침이"),
        (_Q7.replace('closed = (ord(shape[-1]) - ord("가")) % 28 > 0', 'closed = shape in ("원", "별")'),
         "처음 보는 도형도"),
        (_Q7.replace("shape[-1]", "shape[0]"), "마지막 음절의 받침"),
        (_Q7.replace(' if place else f"{name} 하나 있습니다"', ""), "‘원’에는 받침이"),
        (_Q7.replace("% 28 > 0", "% 28 > 1"), "나머지가 1이어도"),
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
        Case((np.array([[1e3], [-1e3]]), np.ones((2, 1)), np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1))),
             np.ones((2, 1)),
             "줄마다 점수의 크기가 크게 다를 수 있습니다. 가장 큰 점수는 줄마다 따로 빼세요."),
        Case((np.array([[0.5]]), np.array([[0.0], [1.0]]), np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1))),
             np.array([[0.622459331]]), "점수는 0과 0.5입니다. //로 소수를 버리면 안 됩니다."),
    ),
    wrong=(
        (_Q8.replace("regions @ to_key, regions @ to_value", "words @ to_key, words @ to_value"), "영역의 평균"),
        (_Q8.replace("words @ to_query, regions @ to_key", "regions @ to_query, words @ to_key"), "영역의 평균"),
        (_Q8.replace(" / np.sqrt(query.shape[1])", ""), "√4로 나누면"),
        (_Q8.replace("shares.sum(axis=1", "shares.sum(axis=0"), "영역의 평균"),
        (_Q8.replace(" - scores.max(axis=1, keepdims=True)", ""), "넘치지 않아야"),
        (_Q8.replace("scores.max(axis=1, keepdims=True)", "scores.max()"), "줄마다 따로 빼세요"),
        (_Q8.replace("query @ key.T / np", "query @ key.T // np"), "소수를 버리면"),
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

EXERCISES = (q1, q2, q3, q4, q5, q6, q7, q8, q9)
