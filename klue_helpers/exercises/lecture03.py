"""Exercises of lecture 3: masks, pair inputs, parameter counts, pooling, attention, retrieval (taught in lecture 3)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''import numpy as np

def visible(lengths, causal):
    longest = max(lengths)
    real = np.arange(longest)[None, :] < np.array(lengths)[:, None]
    seen = np.ones((longest, longest), dtype=bool)
    if causal:
        seen = np.tril(seen)
    return real[:, None, :] & seen[None, :, :]'''

_YES, _NO = True, False
q1 = Exercise(
    name="q1",
    title="누가 누구를 볼 수 있나",
    question=(
        "함수 `visible(lengths, causal)`을 완성하세요. `lengths`는 한 묶음에 든 글의 길이(토큰 수) 리스트이고, 가장 긴 "
        "길이를 T라고 합니다. 모양이 (글의 수, T, T)인 NumPy 참·거짓 배열을 돌려줍니다. `[b, i, j]`는 b번째 글에서 "
        "i번 자리가 j번 자리를 **볼 수 있는지**입니다. 채운 자리(j가 글의 길이 이상)는 아무도 볼 수 없습니다. "
        "`causal`이 참이면 자기보다 뒤의 자리도 볼 수 없고, 자기 자신은 볼 수 있습니다. 채운 자리가 **보는** "
        "것(줄)은 막지 "
        "않습니다."
    ),
    answer="visible",
    blank="import numpy as np\n\ndef visible(lengths, causal):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "보이는 쪽(칸)의 조건과 방향의 조건을 따로 만들어 &로 합칩니다. 채운 자리를 가리는 것은 칸이고, 그 줄은 나중에 "
        "쓰지 않으므로 그대로 두어도 됩니다. 줄까지 모두 거짓이면 소프트맥스가 0을 0으로 나누게 됩니다."
    ),
    hints=(
        "np.arange(T)[None, :] < np.array(lengths)[:, None]은 글마다 진짜 자리가 참인 (글의 수, T) 배열입니다.",
        "아래 삼각형은 np.tril(np.ones((T, T), dtype=bool))입니다.",
        "두 조건을 [:, None, :]와 [None, :, :]로 모양을 맞추어 &로 합치세요.",
    ),
    cases=(
        Case(([3], False), np.ones((1, 3, 3), dtype=bool), "채운 자리가 없고 양방향이면 모두 볼 수 있습니다."),
        Case(([3], True), np.tril(np.ones((1, 3, 3), dtype=bool)),
             "왼쪽만 보는 모델은 자기와 자기 앞만 봅니다. 줄이 보는 쪽, 칸이 보이는 쪽입니다."),
        Case(([1, 2], False), np.array([[[_YES, _NO], [_YES, _NO]], [[_YES, _YES], [_YES, _YES]]]),
             "채운 자리는 칸만 막습니다. 채운 자리가 보는 줄은 막지 않습니다."),
        Case(([2, 3], True), np.tril(np.ones((2, 3, 3), dtype=bool)) & np.array([[[1, 1, 0]], [[1, 1, 1]]], dtype=bool),
             "두 조건을 함께 만족해야 볼 수 있습니다. 글마다 길이가 다릅니다."),
    ),
    wrong=(
        (_Q1.replace("np.tril(", "np.triu("), "줄이 보는 쪽, 칸이 보이는 쪽"),
        (_Q1.replace("real[:, None, :] & seen[None, :, :]", "real[:, :, None] & seen[None, :, :]"), "칸만 막습니다"),
        (_Q1.replace("real[:, None, :] & seen[None, :, :]", "real[:, None, :] & real[:, :, None] & seen[None, :, :]"),
         "줄은 막지 않습니다"),
        (_Q1.replace("np.tril(seen)", "np.tril(seen, -1)"), "자기와 자기 앞만"),
        (_Q1.replace("real[:, None, :] & seen[None, :, :]", "np.repeat(seen[None], len(lengths), axis=0)"),
         "칸만 막습니다"),
    ),
)

_Q2 = '''def pair_inputs(first, second, max_length, cls=2, sep=3, pad=0):
    first, second = list(first), list(second)
    while len(first) + len(second) > max_length - 3:
        longer = first if len(first) >= len(second) else second
        longer.pop()
    ids = [cls, *first, sep, *second, sep]
    kinds = [0] * (len(first) + 2) + [1] * (len(second) + 1)
    empty = max_length - len(ids)
    return ids + [pad] * empty, kinds + [0] * empty, [1] * len(ids) + [0] * empty'''

q2 = Exercise(
    name="q2",
    title="두 문장의 입력 만들기",
    question=(
        "토크나이저가 하는 일을 직접 합니다. 함수 `pair_inputs(first, second, max_length, cls=2, sep=3, pad=0)`를 "
        "완성하세요. `first`와 `second`는 특수 토큰이 없는 번호의 리스트입니다. `[CLS] first [SEP] second [SEP]`로 "
        "이어 붙여 `(input_ids, token_type_ids, attention_mask)`를 리스트로 돌려줍니다. 길이가 `max_length`를 넘으면 "
        "**긴 쪽의 끝**에서 하나씩 덜고(길이가 같으면 첫 문장), 모자라면 끝을 `pad`로 채웁니다. 구간은 첫 "
        "`[SEP]`까지가 "
        "0, 둘째 `[SEP]`까지가 1, 채운 자리는 0입니다. 받은 리스트를 바꾸어서는 안 됩니다."
    ),
    answer="pair_inputs",
    blank="def pair_inputs(first, second, max_length, cls=2, sep=3, pad=0):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "특수 토큰 세 자리를 먼저 빼고 남는 길이에 두 문장을 맞추므로 [CLS]와 [SEP]는 절대로 잘리지 않습니다. 첫 "
        "구간에는 [CLS]와 [SEP]가 함께 들어가 길이가 2 더 깁니다."
    ),
    hints=(
        "문장에 쓸 수 있는 길이는 max_length - 3입니다. 넘는 동안 while로 하나씩 덜어 보세요.",
        "list(first)로 베껴 두면 pop()을 해도 받은 리스트가 그대로입니다.",
        "구간은 [0] * (첫 문장 길이 + 2) + [1] * (둘째 문장 길이 + 1)이고, 나머지를 0으로 채웁니다.",
    ),
    cases=(
        Case(([11, 12], [21], 8), ([2, 11, 12, 3, 21, 3, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]),
             "모자라면 끝을 채우고, 채운 자리의 구간과 마스크는 0입니다."),
        Case(([11], [21, 22], 6), ([2, 11, 3, 21, 22, 3], [0, 0, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1]),
             "딱 맞으면 자를 것도 채울 것도 없습니다. 첫 [SEP]는 구간 0, 둘째 [SEP]는 구간 1입니다."),
        Case(([11, 12, 13, 14], [21, 22], 7), ([2, 11, 12, 3, 21, 22, 3], [0, 0, 0, 0, 1, 1, 1], [1] * 7),
             "넘치면 긴 쪽의 끝에서 하나씩 덜어야 합니다. [CLS]와 [SEP]는 남습니다."),
        Case(([11, 12, 13], [21, 22, 23], 8), ([2, 11, 12, 3, 21, 22, 23, 3], [0, 0, 0, 0, 1, 1, 1, 1], [1] * 8),
             "두 문장의 길이가 같으면 첫 문장을 덜어야 합니다."),
        Case(([5], [0], 6, 101, 102, 9), ([101, 5, 102, 0, 102, 9], [0, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 0]),
             "특수 토큰의 번호는 인자로 받은 것을 씁니다. 마스크는 번호가 아니라 길이로 만드세요."),
        Case(([11], [21, 22, 23, 24], 7), ([2, 11, 3, 21, 22, 23, 3], [0, 0, 0, 1, 1, 1, 1], [1] * 7),
             "둘째 문장이 더 길면 둘째에서 덜어야 합니다."),
    ),
    wrong=(
        (_Q2.replace("[0] * (len(first) + 2) + [1] * (len(second) + 1)",
                     "[0] * (len(first) + 1) + [1] * (len(second) + 2)"), "채운 자리의 구간과 마스크"),
        (_Q2.replace("    while len(first) + len(second) > max_length - 3:\n"
                     "        longer = first if len(first) >= len(second) else second\n        longer.pop()\n", "")
            .replace("return ids + [pad] * empty, kinds + [0] * empty, [1] * len(ids) + [0] * empty",
                     "return ((ids + [pad] * empty)[:max_length], (kinds + [0] * empty)[:max_length], "
                     "([1] * len(ids) + [0] * empty)[:max_length])"), "긴 쪽의 끝에서"),
        (_Q2.replace(">= len(second)", "> len(second)"), "길이가 같으면 첫 문장"),
        (_Q2.replace("longer.pop()", "longer.pop(0)"), "긴 쪽의 끝에서"),
        (_Q2.replace("kinds + [0] * empty", "kinds + [1] * empty"), "채운 자리의 구간과 마스크"),
        (_Q2.replace("[1] * len(ids) + [0] * empty", "[int(i != pad) for i in ids + [pad] * empty]")
            .replace("[cls, *first, sep, *second, sep]", "[2, *first, 3, *second, 3]"), "인자로 받은 것을"),
        (_Q2.replace("longer = first if len(first) >= len(second) else second", "longer = first"), "둘째에서 덜어야"),
        (_Q2.replace("    first, second = list(first), list(second)\n", ""), "인자를 바꾸었습니다"),
    ),
)

_Q3 = '''def bert_parameters(vocab, size, layers, wide, positions=512, kinds=2):
    embeddings = (vocab + positions + kinds) * size + 2 * size
    attention = 4 * (size * size + size)
    feed_forward = size * wide + wide + wide * size + size
    norms = 2 * 2 * size
    pooler = size * size + size
    return embeddings + layers * (attention + feed_forward + norms) + pooler'''

q3 = Exercise(
    name="q3",
    title="파라미터를 한 개까지 세기",
    question=(
        "함수 `bert_parameters(vocab, size, layers, wide, positions=512, kinds=2)`를 완성하세요. 어휘, 차원, 층의 수, "
        "피드포워드 차원, 위치의 수, 구간의 수를 받아 `BertModel`의 파라미터가 모두 몇 개인지 정수로 돌려줍니다. "
        "풀러도 셉니다. 행렬마다 편향이 있고, 층 정규화에는 배율과 이동이 있습니다."
    ),
    answer="bert_parameters",
    blank=(
        "def bert_parameters(vocab, size, layers, wide, positions=512, kinds=2):\n    ...  # 여기를 채우세요"
    ),
    source=_Q3,
    explanation=(
        "머리의 수가 인자에 없는 까닭을 생각해 보세요. 머리를 몇으로 나누든 질의, 열쇠, 값의 행렬은 size × size "
        "그대로라서 "
        "파라미터의 수가 같습니다. 층 정규화는 임베딩 뒤에 하나, 층마다 둘입니다."
    ),
    hints=(
        "임베딩은 (어휘 + 위치 + 구간) × 차원이고, 뒤에 층 정규화가 하나 있습니다.",
        "층 하나에는 size × size 행렬이 넷, size × wide 행렬이 둘, 층 정규화가 둘 있습니다. 편향을 잊지 마세요.",
        "풀러는 size × size 행렬 하나와 편향이고, 층의 수와 상관없이 하나입니다.",
    ),
    cases=(
        Case((0, 1, 0, 0, 0, 0), 4, "층도 표도 없으면 임베딩의 층 정규화 2개와 풀러의 행렬 1개, 편향 1개만 남습니다."),
        Case((10, 4, 0, 16, 8, 2), 108, "층이 없을 때입니다. 표 셋, 층 정규화 하나, 풀러 하나를 더해 보세요."),
        Case((10, 4, 1, 16, 8, 2), 352,
             "층 하나에는 어텐션의 행렬 넷(값을 섞은 뒤의 출력 포함), 피드포워드의 행렬 둘, 층 정규화 둘이 있습니다."),
        Case((30_522, 768, 12, 3_072), 109_482_240, "BERT-base의 수와 맞아야 합니다. 층마다 있는 것만 12배 하세요."),
        Case((30_522, 1_024, 24, 4_096), 335_141_888, "BERT-large의 수와 맞아야 합니다."),
    ),
    wrong=(
        (_Q3.replace("4 * (size * size + size)", "3 * (size * size + size)"), "행렬 넷"),
        (_Q3.replace("4 * (size * size + size)", "4 * size * size"), "층 하나에는"),
        (_Q3.replace(" + pooler", ""), "풀러의 행렬"),
        (_Q3.replace("layers * (attention + feed_forward + norms) + pooler",
                     "layers * (attention + feed_forward + norms + pooler)"), "풀러의 행렬"),
        (_Q3.replace("(vocab + positions + kinds) * size", "(vocab + positions) * size"), "표 셋"),
        (_Q3.replace("norms = 2 * 2 * size", "norms = 2 * size"), "층 정규화 둘"),
    ),
)

_STATES = np.array([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]], [[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]]])
_Q4 = '''import numpy as np

def mean_pool(states, mask):
    weights = mask[:, :, None].astype(float)
    total = (states * weights).sum(axis=1)
    return total / np.maximum(weights.sum(axis=1), 1)'''

q4 = Exercise(
    name="q4",
    title="채운 자리를 뺀 평균",
    question=(
        "함수 `mean_pool(states, mask)`를 완성하세요. `states`는 (B, T, d)인 은닉 상태, `mask`는 (B, T)이고 진짜 "
        "토큰이 1인 배열입니다. 글마다 **진짜 토큰의 벡터만** 평균해 (B, d)로 돌려줍니다. 채운 자리의 벡터는 0이 "
        "아닐 수 있습니다. 진짜 토큰이 하나도 없는 글은 0으로 채운 벡터입니다."
    ),
    answer="mean_pool",
    blank="import numpy as np\n\ndef mean_pool(states, mask):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation=(
        "마스크를 (B, T, 1)로 만들면 차원의 축으로 저절로 퍼집니다. 더하기 전에 0을 곱해야 채운 자리가 빠지고, T가 "
        "아니라 "
        "진짜 토큰의 수로 나누어야 글의 길이가 결과에 끼어들지 않습니다."
    ),
    hints=(
        "mask[:, :, None]의 모양은 (B, T, 1)입니다. states와 곱하면 채운 자리가 0이 됩니다.",
        "나눌 수는 글마다 mask를 더한 것입니다. 모양을 (B, 1)로 맞추세요.",
        "진짜 토큰이 없으면 0으로 나누게 됩니다. np.maximum(수, 1)로 막을 수 있습니다.",
    ),
    cases=(
        Case((_STATES, np.array([[1, 1, 1], [1, 1, 1]])), _STATES.mean(axis=1),
             "모두 진짜 토큰이면 보통의 평균과 같습니다. 토큰의 축을 따라 평균합니다."),
        Case((_STATES, np.array([[1, 1, 0], [1, 1, 1]])), np.array([[2.0, 3.0], [3.0, 1.0]]),
             "채운 자리의 벡터가 0이 아니어도 결과에 들어가면 안 됩니다. 나누는 수도 진짜 토큰의 수입니다."),
        Case((_STATES, np.array([[0, 1, 0], [1, 0, 1]])), np.array([[3.0, 4.0], [3.5, 1.5]]),
             "가린 자리가 끝에만 있으란 법은 없습니다. 앞에서부터 자르지 말고 마스크를 쓰세요."),
        Case((_STATES, np.array([[0, 0, 0], [1, 0, 0]])), np.array([[0.0, 0.0], [1.0, 0.0]]),
             "진짜 토큰이 없으면 0으로 나누지 말고 0 벡터를 돌려주어야 합니다."),
    ),
    wrong=(
        ("import numpy as np\ndef mean_pool(states, mask):\n    return states.mean(axis=1)", "채운 자리의 벡터가 0이"),
        ("import numpy as np\ndef mean_pool(states, mask):\n    return (states * mask[:, :, None]).mean(axis=1)",
         "진짜 토큰의 수입니다"),
        (_Q4.replace("np.maximum(weights.sum(axis=1), 1)", "weights.sum(axis=1)"), "0으로 나누지 말고"),
        ("import numpy as np\ndef mean_pool(states, mask):\n"
         "    return np.array([s[:max(1, int(m.sum()))].mean(axis=0) * (m.sum() > 0) for s, m in zip(states, mask)])",
         "앞에서부터 자르지 말고"),
        ("import numpy as np\ndef mean_pool(states, mask):\n    return states[:, 0]", "보통의 평균과 같습니다"),
        (_Q4.replace("sum(axis=1)", "sum(axis=2)"), "토큰의 축을"),
        ("import numpy as np\n\ndef mean_pool(states, mask):\n    states[mask == 0] = 0\n"
         "    return states.sum(axis=1) / np.maximum(mask.sum(axis=1), 1)[:, None]", "인자를 바꾸었습니다"),
    ),
)

_QUERY = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
_KEY = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 4.0, 0.0]])
_VALUE = np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
_Q5 = '''import numpy as np

def attend(query, key, value, mask):
    scores = query @ key.T / np.sqrt(query.shape[1])
    scores = np.where(mask[None, :] == 1, scores, -np.inf)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = shares / shares.sum(axis=1, keepdims=True)
    return shares @ value'''


def _attend(query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: list[int]) -> np.ndarray:
    """Return what scaled dot-product attention gives."""
    scores = query @ key.T / np.sqrt(query.shape[1]) + np.where(np.array(mask) == 1, 0.0, -np.inf)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True) @ value


q5 = Exercise(
    name="q5",
    title="머리 하나의 어텐션",
    question=(
        "NumPy로 `attend(query, key, value, mask)`를 완성하세요. `query`는 (m, h), `key`는 (n, h), `value`는 (n, "
        "v)이고 "
        "`mask`는 (n,)이며 볼 수 있는 자리가 1입니다. 내적을 $\\sqrt{h}$로 나누고, 볼 수 없는 자리를 빼고, **줄마다** "
        "소프트맥스를 취해 값을 섞은 (m, v)를 돌려줍니다. 점수가 아주 커도 넘치지 않아야 합니다."
    ),
    answer="attend",
    blank="import numpy as np\n\ndef attend(query, key, value, mask):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "볼 수 없는 자리의 점수를 -∞로 바꾸면 exp를 지나 정확히 0이 되고, 나머지 자리의 비율이 저절로 합 1로 "
        "맞추어집니다. "
        "소프트맥스를 먼저 하고 0을 곱하면 합이 1보다 작아집니다. 줄마다 가장 큰 점수를 빼도 비율은 그대로입니다."
    ),
    hints=(
        "점수는 query @ key.T / np.sqrt(h)이고 모양은 (m, n)입니다.",
        "np.where(mask[None, :] == 1, 점수, -np.inf)로 볼 수 없는 칸을 가리세요.",
        "exp를 하기 전에 줄마다 가장 큰 점수를 빼고, axis=1로 더해 나눕니다.",
    ),
    cases=(
        Case((_QUERY, _KEY[:2], _VALUE[:2], np.array([1, 1])), _attend(_QUERY, _KEY[:2], _VALUE[:2], [1, 1]),
             "내적을 머리 차원의 제곱근(여기서는 2)으로 나누고 줄마다 소프트맥스를 취합니다."),
        Case((_QUERY, _KEY, _VALUE, np.array([1, 1, 0])), _attend(_QUERY, _KEY, _VALUE, [1, 1, 0]),
             "볼 수 없는 자리의 값은 조금도 섞이면 안 되고, 나머지 비율의 합은 1이어야 합니다."),
        Case((_QUERY, _KEY, _VALUE, np.array([0, 0, 1])), np.array([[5.0, 5.0], [5.0, 5.0]]),
             "볼 수 있는 자리가 하나면 그 값이 그대로 나옵니다."),
        Case((1000 * _QUERY, _KEY, _VALUE, np.array([1, 1, 1])), np.array([[1.0, 0.0], [0.0, 1.0]]),
             "점수가 크면 exp가 넘칩니다. 줄마다 가장 큰 점수를 먼저 빼세요."),
        Case((_QUERY[:, :1], _KEY[:, :1], _VALUE, np.array([1, 1, 1])),
             _attend(_QUERY[:, :1], _KEY[:, :1], _VALUE, [1, 1, 1]), "h는 인자의 모양에서 얻어야 합니다."),
        Case((0.3 * _QUERY, _KEY, _VALUE, np.array([1, 1, 1])), _attend(0.3 * _QUERY, _KEY, _VALUE, [1, 1, 1]),
             "점수가 1보다 작아도 비율이 달라집니다. //로 나누면 소수가 버려집니다."),
    ),
    wrong=(
        (_Q5.replace(" / np.sqrt(query.shape[1])", ""), "제곱근"),
        (_Q5.replace("scores = np.where(mask[None, :] == 1, scores, -np.inf)\n    ", ""), "조금도 섞이면"),
        (_Q5.replace("    scores = np.where(mask[None, :] == 1, scores, -np.inf)\n", "")
            .replace("return shares @ value", "return (shares * mask) @ value"), "비율의 합은 1"),
        (_Q5.replace("scores - scores.max(axis=1, keepdims=True)", "scores"), "exp가 넘칩니다"),
        (_Q5.replace("axis=1", "axis=0"), "줄마다 소프트맥스"),
        (_Q5.replace("-np.inf", "0"), "조금도 섞이면"),
        (_Q5.replace("query @ key.T / np", "query @ key.T // np"), "소수가 버려집니다"),
        (_Q5.replace("scores.max(axis=1, keepdims=True)", "scores.max()"), "exp가 넘칩니다"),
    ),
)

_BANK = np.array([[3.0, 0.0], [0.0, 1.0], [5.0, 5.0], [-1.0, 0.0]])
_Q6 = '''import numpy as np

def best_answers(query, bank, answers, threshold, k=1):
    lengths = np.linalg.norm(bank, axis=1) * np.linalg.norm(query)
    closeness = bank @ query / np.maximum(lengths, 1e-12)
    order = np.argsort(-closeness, kind="stable")[:k]
    return [answers[place] for place in order if closeness[place] >= threshold]'''

q6 = Exercise(
    name="q6",
    title="모르면 모른다고 하는 검색",
    question=(
        "함수 `best_answers(query, bank, answers, threshold, k=1)`를 완성하세요. `query`는 (d,), `bank`는 (n, d)인 "
        "질문 "
        "벡터이고 `answers`는 답 n개의 리스트입니다. 코사인이 큰 차례로 `k`개까지, 그 가운데 코사인이 `threshold` "
        "**이상**인 질문의 답만 리스트로 돌려줍니다. 하나도 없으면 빈 리스트입니다. 코사인이 같으면 앞의 질문이 "
        "먼저이고, "
        "길이가 0인 벡터와의 코사인은 0으로 칩니다."
    ),
    answer="best_answers",
    blank=(
        "import numpy as np\n\ndef best_answers(query, bank, answers, threshold, k=1):\n    ...  # 여기를 채우세요"
    ),
    source=_Q6,
    explanation=(
        "내적이 아니라 코사인이어야 벡터의 길이에 속지 않습니다. 가장 가까운 질문은 언제나 있으므로 문턱이 없으면 "
        "무엇을 "
        "물어도 답을 하게 됩니다. kind=\"stable\"로 정렬하면 같은 값의 차례가 지켜집니다."
    ),
    hints=(
        "코사인은 내적을 두 길이의 곱으로 나눈 것입니다. bank의 길이는 np.linalg.norm(bank, axis=1)로 한 번에 "
        "구합니다.",
        "np.argsort(-코사인, kind=\"stable\")은 큰 것부터, 같으면 앞의 것부터 차례를 줍니다.",
        "앞의 k개를 고른 다음 문턱을 넘는 것만 남기세요. 길이가 0이면 나누지 않도록 막습니다.",
    ),
    cases=(
        Case((np.array([1.0, 0.1]), _BANK, ["가", "나", "다", "라"], 0.5), ["가"],
             "내적이 가장 큰 것은 셋째이지만 방향이 가장 가까운 것은 첫째입니다. 길이로 나누세요."),
        Case((np.array([1.0, 0.1]), _BANK, ["가", "나", "다", "라"], 0.5, 3), ["가", "다"],
             "셋까지 찾되 문턱을 넘는 것만 가까운 차례로 돌려줍니다."),
        Case((np.array([-1.0, -3.0]), _BANK, ["가", "나", "다", "라"], 0.5), [],
             "가장 가까운 것도 문턱보다 멀면 답하지 않습니다."),
        Case((np.array([2.0, 0.0]), np.array([[0.0, 1.0], [4.0, 0.0], [1.0, 0.0]]), ["가", "나", "다"], 1.0, 2),
             ["나", "다"], "코사인이 문턱과 같으면 답합니다. 코사인이 같으면 앞의 질문이 먼저입니다."),
        Case((np.array([0.0, 1.0]), np.array([[0.0, 0.0], [0.0, 2.0]]), ["가", "나"], 0.0, 2), ["나", "가"],
             "길이가 0인 벡터와의 코사인은 0으로 칩니다. 0으로 나누지 않게 하세요."),
        Case((np.array([0.1, 0.0]), np.array([[0.1, 0.1], [0.2, 0.0]]), ["가", "나"], 0.9), ["나"],
             "벡터가 짧아도 코사인은 길이와 상관이 없습니다. 길이가 0일 때만 따로 다루세요."),
    ),
    wrong=(
        (_Q6.replace("bank @ query / np.maximum(lengths, 1e-12)", "bank @ query"), "길이로 나누세요"),
        (_Q6.replace("    return [answers[place] for place in order if closeness[place] >= threshold]",
                     "    return [answers[place] for place in order]"), "문턱을 넘는 것만"),
        (_Q6.replace(">= threshold", "> threshold"), "문턱과 같으면"),
        (_Q6.replace("np.argsort(-closeness, kind=\"stable\")[:k]", "np.argsort(closeness)[:k]"), "가까운 것은 첫째"),
        (_Q6.replace("np.maximum(lengths, 1e-12)", "lengths"), "0으로 나누지"),
        (_Q6.replace("[:k]", ""), "가까운 것은 첫째"),
        (_Q6.replace("np.maximum(lengths, 1e-12)", "np.maximum(lengths, 1)"), "짧아도 코사인은"),
        (_Q6.replace(" * np.linalg.norm(query)", ""), "문턱보다 멀면"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6)
