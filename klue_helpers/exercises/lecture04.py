"""Exercises of lecture 4: hygiene, packing, masking, known losses, memorisation (taught in lecture 4)."""

import numpy as np

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''import re

def clean_documents(documents, test):
    def key(line):
        return re.sub(r"[\\W_]+", "", line).casefold()

    seen, kept = {key(line) for line in test} | {""}, []
    for document in documents:
        lines = []
        for line in document:
            if key(line) not in seen:
                seen.add(key(line))
                lines.append(line)
        kept.append(lines)
    return [lines for lines in kept if lines]'''

q1 = Exercise(
    name="q1",
    title="말뭉치 씻기",
    question=(
        "함수 `clean_documents(documents, test)`를 완성하세요. `documents`는 문서의 리스트이고 문서는 줄의 "
        "리스트입니다. 글자와 숫자만 남기고 소문자로 바꾼 **열쇠**로 견주어, 평가 글 `test`의 어느 줄과 같은 줄, "
        "앞에서(앞 문서나 같은 문서의 앞줄에서) 이미 나온 줄, 열쇠가 빈 줄을 뺍니다. 남은 줄은 원래 모습과 차례 "
        "그대로 두고, 줄이 하나도 남지 않은 문서는 뺍니다. 밑줄(`_`)은 글자가 아닙니다."
    ),
    answer="clean_documents",
    blank="import re\n\ndef clean_documents(documents, test):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "평가 글의 열쇠와 빈 열쇠를 처음부터 ‘이미 본 것’에 넣어 두면 오염, 중복, 빈 줄을 조건 하나로 거를 수 "
        "있습니다. 본 열쇠의 집합은 문서가 바뀌어도 이어서 써야 문서 사이의 중복이 잡힙니다."
    ),
    hints=(
        "re.sub(r\"[\\W_]+\", \"\", line).casefold()가 열쇠입니다. 작은 함수로 만들어 두세요.",
        "이미 본 열쇠를 set에 모으며 줄을 차례로 봅니다. 평가 글의 열쇠는 처음부터 넣어 둡니다.",
        "문서마다 남은 줄을 새 리스트에 모으고, 비어 있지 않을 때만 결과에 넣습니다.",
    ),
    cases=(
        Case(([["비가 왔다", "바람도 불었다"], ["눈이 왔다"]], ["눈이 왔다"]), [["비가 왔다", "바람도 불었다"]],
             "평가 글과 같은 줄을 빼고, 줄이 남지 않은 문서도 뺍니다."),
        Case(([["정말, 재밌다!!", "OST 최고"], ["또 본다"]], ["정말 재밌다", "ost최고"]), [["또 본다"]],
             "문장 부호, 띄어쓰기, 대소문자만 다른 줄도 같은 줄입니다."),
        Case(([["첫 문장", "첫 문장.", "끝"], ["끝!", "새 글"]], []), [["첫 문장", "끝"], ["새 글"]],
             "같은 문서와 앞 문서에 이미 나온 줄을 모두 뺍니다. 먼저 나온 것은 남습니다."),
        Case(([["…", "!!", "?"], ["말"]], []), [["말"]], "열쇠가 빈 줄에는 글자도 숫자도 없습니다."),
        Case(([["나_무", "나무"], ["5월 18일"]], []), [["나_무"], ["5월 18일"]],
             "밑줄은 \\W에 들지 않으므로 따로 없애야 하고, 숫자는 남겨야 합니다."),
    ),
    wrong=(
        (_Q1.replace("{key(line) for line in test} | {\"\"}", "{\"\"}"), "평가 글과 같은 줄을 빼고"),
        (_Q1.replace(".casefold()", ""), "대소문자만 다른 줄도"),
        (_Q1.replace("    for document in documents:\n        lines = []",
                     "    for document in documents:\n        seen, lines = {key(line) for line in test} | {''}, []"),
         "앞 문서에 이미 나온 줄"),
        (_Q1.replace("lines.append(line)", "lines.append(key(line))"), "평가 글과 같은 줄을 빼고"),
        (_Q1.replace("[lines for lines in kept if lines]", "kept"), "줄이 남지 않은 문서도"),
        (_Q1.replace(" | {\"\"}", ""), "글자도 숫자도 없습니다"),
        (_Q1.replace("[\\W_]+", "\\W+"), "밑줄은"),
    ),
)

_Q2 = '''def pack(lengths, max_length):
    room, spans, first = max_length - 3, [], 0
    while first < len(lengths):
        last, used = first + 1, lengths[first]
        while last < len(lengths) and used + lengths[last] <= room:
            used += lengths[last]
            last += 1
        spans.append((first, last))
        first = last
    return spans'''

q2 = Exercise(
    name="q2",
    title="예산 안에 문장 담기",
    question=(
        "함수 `pack(lengths, max_length)`를 완성하세요. `lengths`는 한 문서에 있는 문장들의 조각 수이고, "
        "`max_length`는 `[CLS]`, `[SEP]`, `[SEP]` 세 자리를 **포함한** 입력의 길이입니다. 앞에서부터 예산을 넘지 "
        "않을 만큼 문장을 담아, 입력마다 `(첫 문장의 번호, 마지막 문장의 다음 번호)`를 리스트로 돌려줍니다. 예산보다 "
        "긴 문장은 혼자 한 입력이 되며, 여기서는 자르지 않습니다."
    ),
    answer="pack",
    blank="def pack(lengths, max_length):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "첫 문장은 길이와 관계없이 담고 시작하므로 예산보다 긴 문장에서도 멈추지 않습니다. 번호를 (처음, 끝의 "
        "다음)으로 적으면 이웃한 입력이 빈틈없이 이어지는지 눈으로 확인하기 쉽습니다."
    ),
    hints=(
        "쓸 수 있는 길이는 max_length - 3입니다.",
        "첫 문장을 담은 다음, 다음 문장을 더해도 예산 안이면 계속 담습니다.",
        "담지 못한 문장이 다음 입력의 첫 문장입니다. 문장이 없어질 때까지 되풀이합니다.",
    ),
    cases=(
        Case(([5, 5, 2, 5], 13), [(0, 2), (2, 4)], "특수 토큰 셋을 뺀 10자리에 다섯 조각짜리 문장이 둘 들어갑니다."),
        Case(([4, 3, 3], 13), [(0, 3)], "예산에 꼭 맞으면 담습니다. 더해서 10이면 넘지 않은 것입니다."),
        Case(([20, 2, 2], 13), [(0, 1), (1, 3)],
             "예산보다 긴 문장은 혼자 한 입력이 되고, 다음 문장부터 다시 담습니다."),
        Case(([6, 6, 3], 13), [(0, 1), (1, 3)], "담지 못한 문장은 버리지 않고 다음 입력의 첫 문장이 됩니다."),
        Case(([], 13), [], "문장이 없으면 입력도 없습니다."),
        Case(([6, 5], 13), [(0, 1), (1, 2)],
             "6 + 5 = 11은 예산 10을 넘습니다. [CLS] 하나와 [SEP] 둘, 세 자리를 뺐나요?"),
    ),
    wrong=(
        (_Q2.replace("max_length - 3", "max_length"), "특수 토큰 셋을 뺀"),
        (_Q2.replace("<= room", "< room"), "특수 토큰 셋을 뺀"),
        (_Q2.replace("first = last", "first = last + 1"), "특수 토큰 셋을 뺀"),
        (_Q2.replace("last, used = first + 1, lengths[first]", "last, used = first + 1, 0"), "특수 토큰 셋을 뺀"),
        (_Q2.replace("spans.append((first, last))", "spans.append((first, last - 1))"), "특수 토큰 셋을 뺀"),
        (_Q2.replace("spans.append((first, last))", "spans += [(first, last)] if used <= room else []"),
         "혼자 한 입력이 되고"),
        (_Q2.replace("max_length - 3", "max_length - 2"), "[SEP] 둘"),
    ),
)

_Q3 = '''def mask(ids, chosen, lots, mask_id, replacements):
    inputs, labels = list(ids), [-100] * len(ids)
    for place in chosen:
        labels[place] = ids[place]
        if lots[place] < 0.8:
            inputs[place] = mask_id
        elif lots[place] < 0.9:
            inputs[place] = replacements[place]
    return inputs, labels'''

q3 = Exercise(
    name="q3",
    title="제비를 뽑아 가리기",
    question=(
        "80/10/10 마스킹을 난수 없이 써 봅니다. 함수 `mask(ids, chosen, lots, mask_id, replacements)`를 완성하세요. "
        "`ids`는 조각 번호의 리스트, `chosen`은 고른 자리의 리스트, `lots`와 `replacements`는 `ids`와 길이가 같은 "
        "리스트입니다. 고른 자리의 제비 `lots[자리]`가 0.8보다 작으면 `mask_id`로, 0.8 이상 0.9 미만이면 "
        "`replacements[자리]`로 바꾸고, 그 밖에는 그대로 둡니다. `(inputs, labels)`를 돌려줍니다. 레이블은 고른 "
        "자리에서 **원래 번호**, 나머지에서 −100입니다. 받은 리스트를 바꾸면 안 됩니다."
    ),
    answer="mask",
    blank="def mask(ids, chosen, lots, mask_id, replacements):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation=(
        "그대로 둔 자리에도 정답이 있습니다. 모델은 보이는 조각이 진짜인지 알 수 없으므로 모든 자리에서 문맥을 읽어야 "
        "합니다. 난수를 인자로 빼 두면 함수가 무엇을 하는지 손으로 확인할 수 있습니다."
    ),
    hints=(
        "list(ids)로 베껴서 시작하고, 레이블은 모두 -100으로 채워 둡니다.",
        "고른 자리마다 먼저 레이블에 원래 번호를 적고, 제비를 보아 입력을 바꿉니다.",
        "제비가 0.9 이상이면 입력을 건드리지 않습니다. 그래도 레이블은 남습니다.",
    ),
    cases=(
        Case(([7, 8, 9], [1], [0.0, 0.5, 0.0], 4, [0, 0, 0]), ([7, 4, 9], [-100, 8, -100]),
             "고르지 않은 자리는 제비가 어떻든 그대로이고 레이블은 −100입니다."),
        Case(([7, 8, 9], [0, 2], [0.85, 0.1, 0.95], 4, [50, 51, 52]), ([50, 8, 9], [7, -100, 9]),
             "그대로 둔 자리에도 레이블이 있어야 합니다."),
        Case(([7, 8, 9], [0, 1, 2], [0.8, 0.9, 0.79], 4, [50, 51, 52]), ([50, 8, 4], [7, 8, 9]),
             "경계에서는 0.8이 ‘바꿈’, 0.9가 ‘그대로’입니다."),
        Case(([5, 6], [], [0.1, 0.1], 4, [9, 9]), ([5, 6], [-100, -100]),
             "고른 자리가 없으면 아무것도 바뀌지 않습니다."),
    ),
    wrong=(
        (_Q3.replace("labels[place] = ids[place]\n", "pass\n"), "고르지 않은 자리는"),
        (_Q3.replace("for place in chosen:", "for place in range(len(ids)):"), "고르지 않은 자리는"),
        (_Q3.replace("labels[place] = ids[place]", "labels[place] = ids[place] if lots[place] < 0.9 else -100"),
         "그대로 둔 자리에도"),
        (_Q3.replace("< 0.8", "<= 0.8").replace("< 0.9", "<= 0.9"), "경계에서는"),
        (_Q3.replace("[-100] * len(ids)", "[0] * len(ids)"), "고르지 않은 자리는"),
        (_Q3.replace("labels[place] = ids[place]", "labels[place] = inputs[place] = mask_id"), "고르지 않은 자리는"),
        (_Q3.replace("list(ids)", "ids"), "인자를 바꾸었습니다"),
    ),
)

q4 = Exercise(
    name="q4",
    title="학습하기 전에 아는 수",
    question=(
        "실행하지 않고 셈해 보세요. 어휘가 12,000개인 BERT를 15%씩 가려 80/10/10으로 학습합니다. `first_loss`는 갓 "
        "만든 `BertForPreTraining`의 손실(빈칸과 쌍의 합), `random_share`는 모든 보통 토큰 가운데 **아무 조각**으로 "
        "바뀌는 비율, `seen_static`과 `seen_dynamic`은 말뭉치를 20번 되풀이할 때 한 번이라도 가려져 본 자리의 "
        "비율(정적, 동적), `lone_rows`는 예산이 넉넉하고 한 문장짜리 문서만 1,000개인 말뭉치에서 4.2절의 함수가 "
        "만드는 쌍의 수입니다. 소수는 셋째 자리까지 적으세요."
    ),
    answer="answer",
    blank=(
        "answer = {\n"
        '    "first_loss": ...,  # 여기를 채우세요\n'
        '    "random_share": ...,\n'
        '    "seen_static": ...,\n'
        '    "seen_dynamic": ...,\n'
        '    "lone_rows": ...,\n'
        "}"
    ),
    source=(
        "import math\n\n"
        "answer = {\n"
        '    "first_loss": math.log(12_000) + math.log(2),\n'
        '    "random_share": 0.15 * 0.1,\n'
        '    "seen_static": 0.15,\n'
        '    "seen_dynamic": 1 - 0.85**20,\n'
        '    "lone_rows": 0,\n'
        "}"
    ),
    explanation=(
        "빈칸은 12,000개 가운데 하나, 쌍은 둘 가운데 하나를 고르므로 손실은 ln 12000 + ln 2, 곧 10.1 언저리입니다. "
        "정적 마스킹은 몇 번을 되풀이해도 같은 15%이고, 동적 마스킹은 스무 번이면 96%에 이릅니다."
    ),
    hints=(
        "아무것도 모르는 모델이 K개 가운데 하나를 고를 때의 손실은 ln K입니다. BERT의 손실은 둘의 합입니다.",
        "15%를 고르고, 고른 것의 10%만 아무 조각으로 바뀝니다.",
        "한 자리가 스무 번 모두 가려지지 않을 확률은 0.85의 20제곱입니다.",
    ),
    cases=(
        Case(("first_loss",), 10.0858, "빈칸의 ln V와 쌍의 ln 2를 더합니다. 자연로그를 씁니다."),
        Case(("random_share",), 0.015, "고른 15%의 10%입니다."),
        Case(("seen_static",), 0.15, "정적 마스킹에서는 가리는 자리가 되풀이마다 같습니다."),
        Case(("seen_dynamic",), 0.9612, "한 번도 가려지지 않을 확률을 1에서 뺍니다."),
        Case(("lone_rows",), 0, "문장이 하나뿐이면 둘로 가를 수 없습니다. 4.2절의 함수는 그런 문서를 건너뜁니다."),
    ),
    wrong=(
        ("answer = {'first_loss': 9.39, 'random_share': 0.015, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 0}", "쌍의 ln 2를 더합니다"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.1, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 0}", "고른 15%의 10%"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.015, 'seen_static': 0.961, 'seen_dynamic': 0.961, "
         "'lone_rows': 0}", "되풀이마다 같습니다"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.015, 'seen_static': 0.15, 'seen_dynamic': 3.0, "
         "'lone_rows': 0}", "1에서 뺍니다"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.015, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 1000}", "건너뜁니다"),
        ("answer = {'first_loss': 10.18, 'random_share': 0.015, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 0}", "쌍의 ln 2"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.0225, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 0}", "고른 15%의 10%"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.02, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 0}", "고른 15%의 10%"),
        ("answer = {'first_loss': 10.086, 'random_share': 0.015, 'seen_static': 0.15, 'seen_dynamic': 0.961, "
         "'lone_rows': 0.4}", "정수여야 하는데"),
    ),
    tolerance=1e-3,
)

_Q5 = '''import numpy as np

def unigram_loss(train, held, vocab_size, extra=0.1):
    counts = np.bincount(train, minlength=vocab_size) + extra
    probabilities = counts / counts.sum()
    return -np.log(probabilities[held]).mean()'''

_TRAIN, _HELD = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 3])
q5 = Exercise(
    name="q5",
    title="넘어야 할 선 긋기",
    question=(
        "NumPy로 `unigram_loss(train, held, vocab_size, extra=0.1)`를 완성하세요. `train`과 `held`는 조각 번호의 "
        "배열입니다. 어휘의 **모든** 조각에 학습 횟수와 `extra`를 더한 것을 주고 합이 1이 되게 나누어 확률로 삼은 "
        "다음, `held`의 조각마다 확률의 자연로그를 구해 부호를 바꾼 평균을 돌려줍니다."
    ),
    answer="unigram_loss",
    blank="import numpy as np\n\ndef unigram_loss(train, held, vocab_size, extra=0.1):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "학습 글에 없던 조각의 확률이 0이면 손실이 무한대가 되므로 모두에게 조금씩 더합니다. 이 값보다 검증 손실이 "
        "낮아야 모델이 문맥을 쓰고 있다고 말할 수 있습니다."
    ),
    hints=(
        "np.bincount(train, minlength=vocab_size)가 조각마다의 횟수입니다.",
        "extra는 횟수마다 더하고, 나누는 수는 더한 뒤의 합입니다.",
        "probabilities[held]는 held의 조각마다 확률을 꺼낸 배열입니다.",
    ),
    cases=(
        Case((_TRAIN, _HELD, 4, 1.0), 1.508071635, "횟수 3, 2, 1, 0에 1씩 더하면 확률은 0.4, 0.3, 0.2, 0.1입니다."),
        Case((_TRAIN, np.array([0, 0, 0]), 4, 1.0), 0.916290732,
             "평균은 held에서 냅니다. 흔한 조각만 나오면 손실이 낮습니다."),
        Case((_TRAIN, _HELD, 4), 1.939781855, "extra의 기본값은 0.1입니다. 합은 6이 아니라 6.4입니다."),
        Case((np.array([0, 1]), np.array([0, 999]), 1000, 1e9), 6.907755277,
             "extra가 아주 크면 횟수가 묻혀 모두 같은 확률이 되고, 손실은 ln V가 됩니다."),
    ),
    wrong=(
        (_Q5.replace("counts / counts.sum()", "counts / len(train)"), "0.4, 0.3, 0.2, 0.1"),
        (_Q5.replace("minlength=vocab_size", "minlength=0"), "IndexError"),
        (_Q5.replace("np.log(", "np.log2("), "0.4, 0.3, 0.2, 0.1"),
        (_Q5.replace("-np.log(probabilities[held]).mean()", "-(probabilities * np.log(probabilities)).sum()"),
         "0.4, 0.3, 0.2, 0.1"),
        (_Q5.replace("[held]).mean()", "[held]).sum()"), "0.4, 0.3, 0.2, 0.1"),
        (_Q5.replace("+ extra", "+ 1.0"), "합은 6이 아니라 6.4"),
    ),
)

_Q6 = '''import numpy as np

def exposure(scores, truth):
    rank = 1 + (scores > scores[truth]).sum()
    return np.log2(len(scores)) - np.log2(rank)'''

q6 = Exercise(
    name="q6",
    title="얼마나 드러났는가",
    question=(
        "정확히 꺼내지 못했어도 모델은 비밀을 반쯤 알 수 있습니다. **노출도**(exposure)는 있을 수 있는 후보를 모델의 "
        "점수로 줄 세웠을 때 참값이 몇 등인지를 비트로 잽니다. 후보가 N개이고 참값이 r등이면 log₂N − log₂r입니다. "
        "함수 `exposure(scores, truth)`를 완성하세요. `scores`는 후보마다의 점수(높을수록 그럴듯함)가 든 배열, "
        "`truth`는 참값의 번호입니다. 등수는 1부터이고, 점수가 **더 높은** 후보의 수에 1을 더한 것입니다. 동점은 앞선 "
        "것으로 치지 않습니다."
    ),
    answer="exposure",
    blank="import numpy as np\n\ndef exposure(scores, truth):\n    ...  # 여기를 채우세요",
    source=_Q6,
    explanation=(
        "심지 않은 비밀의 노출도는 평균 1.4비트쯤이고, 1등이면 log₂N으로 가장 큽니다. 한 비트가 늘 때마다 공격자가 "
        "시도할 횟수가 반으로 줍니다. 모델을 내놓기 전에 심은 비밀의 노출도를 재면 위험을 미리 짐작할 수 있습니다."
    ),
    hints=(
        "먼저 등수를 구합니다. scores > scores[truth]는 참·거짓의 배열이고, 그 합이 앞선 후보의 수입니다.",
        "등수는 1부터입니다. 앞선 후보가 없으면 1등입니다.",
        "밑이 2인 로그는 np.log2입니다.",
    ),
    cases=(
        Case((np.array([0.1, 0.9, 0.3, 0.2]), 1), 2.0, "후보 넷 가운데 1등이면 log₂4 − log₂1입니다."),
        Case((np.array([0.1, 0.9, 0.3, 0.2]), 0), 0.0, "꼴찌이면 4등이고 노출도는 0입니다."),
        Case((np.array([5.0, 7.0, 6.0, 1.0, 2.0, 3.0, 4.0, 0.0]), 2), 2.0, "여덟 가운데 2등이면 3 − 1비트입니다."),
        Case((np.zeros(16), 5), 4.0, "모두 동점이면 앞선 후보가 없으므로 1등입니다."),
        Case((np.array([-3.0, -1.0, -2.0]), 2), 0.5849625, "점수는 로그 확률처럼 음수일 수 있습니다."),
    ),
    wrong=(
        (_Q6.replace("1 + (", "2 + ("), "1등이면 log₂4"),
        (_Q6.replace("scores > scores[truth]", "scores >= scores[truth]"), "1등이면 log₂4"),
        (_Q6.replace("np.log2", "np.log"), "1등이면 log₂4"),
        (_Q6.replace("scores > scores[truth]", "scores < scores[truth]"), "1등이면 log₂4"),
        (_Q6.replace("1 + (scores > scores[truth]).sum()", "1 + list(np.argsort(-scores, kind='stable')).index(truth)"),
         "모두 동점이면"),
        (_Q6.replace("np.log2(len(scores)) - np.log2(rank)", "1 / rank"), "1등이면 log₂4"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6)
