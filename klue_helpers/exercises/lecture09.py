"""Exercises of lecture 9: filters, penalties, diversity, prompts, LoRA, dialogue states (taught in lecture 9)."""

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''def nucleus(chances, p):
    order = sorted(range(len(chances)), key=lambda place: -chances[place])
    kept, total = [], 0.0
    for place in order:
        if total >= p:
            break
        kept.append(place)
        total += chances[place]
    return sorted(kept)'''

q1 = Exercise(
    name="q1",
    title="top-p가 남기는 조각",
    question=("함수 `nucleus(chances, p)`를 완성하세요. `chances`는 조각마다의 확률입니다. 확률이 높은 것부터 담다가 "
              "담은 확률의 합이 `p` **이상**이 되면 멈추고, 담은 조각의 번호를 작은 것부터 늘어놓은 리스트를 "
              "돌려줍니다. "
              "적어도 하나는 담습니다."),
    answer="nucleus",
    blank="def nucleus(chances, p):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation="담기 전의 합이 p보다 작을 때만 담으므로, p를 넘기는 그 조각까지 들어가고 첫 조각은 언제나 들어갑니다.",
    hints=("확률이 높은 차례로 번호를 늘어놓는 것부터 시작합니다.", "담기 **전**의 합을 p와 견줍니다."),
    cases=(
        Case(([0.5, 0.25, 0.125, 0.125], 0.6), [0, 1], "0.5로는 0.6에 모자라므로 둘째까지 담습니다."),
        Case(([0.125, 0.25, 0.5, 0.125], 0.6), [1, 2], "앞의 것이 아니라 확률이 높은 것부터 담습니다."),
        Case(([0.5, 0.25, 0.125, 0.125], 0.75), [0, 1], "합이 꼭 0.75이면 멈춥니다."),
        Case(([0.9, 0.1], 0.25), [0], "첫 조각이 p를 넘어도 하나는 담아야 합니다."),
    ),
    wrong=(
        (_Q1.replace("-chances[place]", "place"), "확률이 높은 것부터"),
        (_Q1.replace("total >= p", "total > p"), "꼭 0.75"),
        (_Q1.replace("if total >= p", "if total + chances[place] > p"), "둘째까지"),
        (_Q1.replace("sorted(kept)", "kept"), "높은 것부터 담습니다"),
        ("def nucleus(chances, p):\n    return [place for place, chance in enumerate(chances) if chance >= p]",
         "둘째까지"),
    ),
)

_Q2 = '''def penalized(scores, seen, penalty):
    changed = list(scores)
    for place in set(seen):
        changed[place] *= 1 / penalty if scores[place] > 0 else penalty
    return changed'''

q2 = Exercise(
    name="q2",
    title="되풀이 벌점",
    question=("함수 `penalized(scores, seen, penalty)`를 완성하세요. `seen`에 있는 번호의 점수를 벌점만큼 "
              "**낮추어** 새 "
              "리스트로 돌려줍니다. 양수면 나누고 음수면 곱하며, 여러 번 나온 번호도 한 번만 낮춥니다."),
    answer="penalized",
    blank="def penalized(scores, seen, penalty):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation="받은 리스트는 그대로 두고, 번호의 집합을 돌며 한 번씩만 낮춥니다. "
                "음수를 1보다 큰 수로 나누면 0에 가까워져 오히려 확률이 오릅니다. 그래서 음수는 곱합니다.",
    hints=("번호가 seen에 있는지 먼저 봅니다.", "점수의 부호에 따라 나누거나 곱합니다."),
    cases=(
        Case(([2.0, 4.0, -1.0], [1], 2.0), [2.0, 2.0, -1.0], "양수인 점수는 벌점으로 나눕니다."),
        Case(([2.0, 4.0, -1.0], [2], 2.0), [2.0, 4.0, -2.0], "음수인 점수는 벌점을 곱해야 낮아집니다."),
        Case(([8.0, 1.0], [0, 0, 0], 2.0), [4.0, 1.0], "세 번 나온 조각도 한 번만 낮춥니다."),
        Case(([0.5, -0.5], [0, 1], 2.0), [0.25, -1.0], "1이 아니라 0보다 큰지를 봅니다. 0.5는 나누고 −0.5는 곱합니다."),
    ),
    wrong=(
        ("def penalized(scores, seen, penalty):\n    return [score / penalty if place in seen else score "
         "for place, score in enumerate(scores)]", "곱해야 낮아집니다"),
        ("def penalized(scores, seen, penalty):\n    scores = list(scores)\n    for place in seen:\n"
         "        scores[place] = scores[place] / penalty if scores[place] > 0 else scores[place] * penalty\n"
         "    return scores", "한 번만 낮춥니다"),
        (_Q2.replace("1 / penalty if scores[place] > 0 else penalty", "penalty"), "벌점으로 나눕니다"),
        (_Q2.replace("changed = list(scores)", "changed = scores"), "인자를 바꾸었습니다"),
        (_Q2.replace("scores[place] > 0", "scores[place] > 1"), "0보다 큰지를"),
        (_Q2.replace("1 / penalty if scores[place] > 0 else penalty", "1 / penalty"), "곱해야 낮아집니다"),
    ),
)

_Q3 = '''def distinct_share(rows, n):
    grams = [tuple(row[place:place + n]) for row in rows
             for place in range(len(row) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0'''

q3 = Exercise(
    name="q3",
    title="distinct-n",
    question=("함수 `distinct_share(rows, n)`을 완성하세요. `rows`는 조각의 리스트의 리스트입니다. "
              "**모든 글을 통틀어** 서로 다른 "
              "n-gram의 수를 n-gram의 수로 나눈 값을 돌려줍니다. n-gram이 없으면 0.0이고, n-gram은 글의 경계를 넘지 "
              "않습니다."),
    answer="distinct_share",
    blank="def distinct_share(rows, n):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation="글마다 셈해 평균하면 똑같은 글을 백 번 써도 1이 나올 수 있습니다. 통틀어 세어야 글끼리의 되풀이가 "
                "보입니다.",
    hints=("글마다 n개짜리 줄을 모두 모아 한 리스트에 담습니다.", "튜플은 set에 넣을 수 있습니다."),
    cases=(
        Case(([list("가나가나")], 2), 2 / 3, "짝은 가나, 나가, 가나 셋이고 서로 다른 것은 둘입니다."),
        Case(([list("가나"), list("가나")], 2), 0.5, "두 글이 똑같으면 통틀어 셀 때 절반입니다."),
        Case(([list("가나"), list("다라")], 2), 1.0, "글의 경계를 넘는 나다는 세지 않습니다."),
        Case(([list("가")], 2), 0.0, "n-gram이 없으면 0입니다."),
    ),
    wrong=(
        ("def distinct_share(rows, n):\n    shares = []\n    for row in rows:\n"
         "        grams = [tuple(row[i:i + n]) for i in range(len(row) - n + 1)]\n"
         "        shares.append(len(set(grams)) / len(grams) if grams else 0.0)\n"
         "    return sum(shares) / len(shares)", "통틀어 셀 때"),
        (_Q3.replace(" if grams else 0.0", ""), "n-gram이 없으면"),
        ("def distinct_share(rows, n):\n    row = [piece for one in rows for piece in one]\n"
         "    grams = [tuple(row[i:i + n]) for i in range(len(row) - n + 1)]\n"
         "    return len(set(grams)) / len(grams) if grams else 0.0", "통틀어 셀 때"),
        (_Q3.replace("len(grams) if", "sum(map(len, rows)) if"), "서로 다른 것은 둘"),
        (_Q3.replace("len(row) - n + 1", "len(row)"), "서로 다른 것은 둘"),
    ),
)

_Q4 = '''def prompt(shots, query):
    lines = [f"문장: {text}\\n감정: {label}\\n" for text, label in shots]
    return "".join(lines) + f"문장: {query}\\n감정:"'''

q4 = Exercise(
    name="q4",
    title="버그 없는 프롬프트",
    question=("함수 `prompt(shots, query)`를 완성하세요. `shots`는 (글, 레이블 말)의 리스트입니다. 보기마다 "
              "`문장: 글⏎감정: 레이블⏎`을 잇고 맨 뒤에 `문장: 물음⏎감정:`을 붙입니다(⏎는 줄 바꿈 하나). 물음 뒤에는 "
              "빈칸도 줄 "
              "바꿈도 없습니다."),
    answer="prompt",
    blank="def prompt(shots, query):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation="보기마다 줄 바꿈이 하나로 끝나고, 물음은 빈칸 없이 끝나야 다음 조각이 자연스럽게 이어집니다.",
    hints=("보기 하나를 만드는 f-문자열부터 씁니다.", "맨 끝의 빈칸은 다음 낱말의 조각을 바꾸어 놓습니다."),
    cases=(
        Case(([], "좋다"), "문장: 좋다\n감정:", "보기가 없으면 물음뿐이고, 끝에 빈칸이 없습니다."),
        Case(([("웃겼다", "긍정"), ("졸렸다", "부정")], "좋다"),
             "문장: 웃겼다\n감정: 긍정\n문장: 졸렸다\n감정: 부정\n문장: 좋다\n감정:",
             "긍정이든 부정이든 보기마다 줄 바꿈 하나로 끝납니다."),
        Case(([("아깝다", "부정")], "또 보고 싶다"), "문장: 아깝다\n감정: 부정\n문장: 또 보고 싶다\n감정:",
             "물음의 글에 있는 빈칸은 그대로 둡니다."),
    ),
    wrong=(
        (_Q4.replace('감정:"', '감정: "'), "끝에 빈칸이 없습니다"),
        (_Q4.replace("{label}\\n", "{label}"), "줄 바꿈 하나로"),
        (_Q4.replace("for text, label in shots", "for text, label in shots[:1]"), "줄 바꿈 하나로"),
        (_Q4.replace("{query}\\n감정:", "{query}\\n감정:\\n"), "끝에 빈칸이 없습니다"),
        (_Q4.replace('"".join(lines)', '"\\n".join(lines)'), "줄 바꿈 하나로"),
    ),
)

_Q5 = '''def lora_size(shapes, rank):
    return sum(rank * (size_in + size_out) for size_in, size_out in shapes)'''

q5 = Exercise(
    name="q5",
    title="LoRA가 배우는 수",
    question=("함수 `lora_size(shapes, rank)`를 완성하세요. `shapes`는 LoRA를 붙일 행렬마다의 (입력, 출력) "
              "크기입니다. 계수가 "
              "`rank`인 두 행렬을 모두 더한 파라미터의 수를 돌려줍니다."),
    answer="lora_size",
    blank="def lora_size(shapes, rank):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation="(입력, r)과 (r, 출력) 두 행렬이므로 곱이 아니라 합에 비례합니다.",
    hints=("행렬은 두 개이고 모양은 (입력, r)과 (r, 출력)입니다.",
           "행렬 하나의 크기를 구하는 식을 쓴 다음, 모든 행렬에 걸쳐 더합니다."),
    cases=(
        Case(([(4, 4)], 1), 8, "4×4 행렬에 계수 1이면 4 + 4개입니다."),
        Case(([(256, 768)] * 4, 8), 32_768, "층이 넷이면 네 배입니다."),
        Case(([(2, 3), (5, 7)], 2), 34, "행렬마다 크기가 다르면 따로 구해 더합니다."),
    ),
    wrong=(
        (_Q5.replace("(size_in + size_out)", "size_in"), "4 + 4"),
        (_Q5.replace("sum(rank", "max(rank"), "네 배"),
        (_Q5.replace("size_in + size_out", "size_in * size_out"), "4 + 4"),
        (_Q5.replace("rank * (size_in + size_out)", "size_in * size_out + rank * (size_in + size_out)"), "4 + 4"),
        (_Q5.replace("rank * (size_in + size_out)", "rank * (size_in + size_out) / 1"), "정수여야 하는데 float"),
    ),
)

_Q6 = '''import numpy as np

def joint_goal(gold, guesses):
    return float(np.mean([set(one) == set(other) for one, other in zip(gold, guesses)]))'''

q6 = Exercise(
    name="q6",
    title="결합 목표 정확도",
    question=("함수 `joint_goal(gold, guesses)`를 완성하세요. 둘 다 손님의 말마다의 상태(‘도메인-칸-값’의 리스트)를 "
              "담은 리스트입니다. 상태가 **적은 순서와 상관없이 통째로** 같은 비율을 0~1로 돌려줍니다."),
    answer="joint_goal",
    blank="import numpy as np\n\ndef joint_goal(gold, guesses):\n    ...  # 여기를 채우세요",
    source=_Q6,
    explanation="하나라도 빠지거나 더하면 0점입니다. 그래서 칸 F1이 90이 넘어도 JGA는 절반에 못 미칠 수 있습니다.",
    hints=("리스트를 집합으로 바꾸면 적은 순서가 상관없어집니다.",
           "손님의 말마다 같으면 1, 다르면 0으로 치고 평균합니다."),
    cases=(
        Case(([["가", "나"]], [["나", "가"]]), 1.0, "적은 순서가 달라도 같은 상태입니다."),
        Case(([["가", "나"], []], [["가"], []]), 0.5, "하나가 빠지면 틀린 것이고, 둘 다 비면 맞은 것입니다."),
        Case(([["가"]], [["가", "나"]]), 0.0, "더 쓴 것도 틀린 것입니다."),
    ),
    wrong=(
        (_Q6.replace("set(one) == set(other)", "one == other"), "순서가 달라도"),
        (_Q6.replace("set(one) == set(other)", "set(one) <= set(other)"), "더 쓴 것도"),
        (_Q6.replace("set(one) == set(other)", "set(one) >= set(other)"), "하나가 빠지면"),
        (_Q6.replace("set(one) == set(other)", "len({*one} & {*other}) / max(len({*one, *other}), 1)"),
         "하나가 빠지면"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6)
