"""Exercises of lecture 7: tags of spans, straddling tokens, windows, best span, strict F1 (taught in lecture 7)."""

from klue_helpers.exercises.frame import Case, Exercise

_Q1 = '''def to_tags(length, spans):
    tags = ["O"] * length
    for start, end, kind in spans:
        tags[start] = f"B-{kind}"
        for at in range(start + 1, end):
            tags[at] = f"I-{kind}"
    return tags'''

q1 = Exercise(
    name="q1",
    title="구간에서 태그로",
    question=(
        "1.2절의 `spans_of`를 거꾸로 합니다. 함수 `to_tags(length, spans)`를 완성하세요. `spans`는 `(처음, 끝, "
        "종류)`의 "
        "리스트이고 끝은 구간에 들어가지 않습니다. 길이가 `length`인 BIO 태그의 리스트를 돌려줍니다. 구간은 서로 "
        "겹치지 않습니다."
    ),
    answer="to_tags",
    blank="def to_tags(length, spans):\n    ...  # 여기를 채우세요",
    source=_Q1,
    explanation=(
        "B는 구간마다 한 번뿐이고 끝은 포함하지 않습니다. 두 구간이 맞붙어 있어도 B 덕분에 다시 둘로 풀 수 있습니다."
    ),
    hints=(
        "먼저 모두 O인 리스트를 만듭니다.",
        "tags[start]는 B, start + 1부터 end 앞까지는 I입니다.",
    ),
    cases=(
        Case((3, []), ["O", "O", "O"], "개체가 없으면 모두 O입니다."),
        Case((5, [(0, 3, "PS")]), ["B-PS", "I-PS", "I-PS", "O", "O"], "끝 번호의 글자는 구간에 들어가지 않습니다."),
        Case((4, [(0, 2, "DT"), (2, 4, "DT")]), ["B-DT", "I-DT", "B-DT", "I-DT"], "맞붙은 두 개체는 B로 나뉩니다."),
        Case((2, [(1, 2, "LC")]), ["O", "B-LC"], "한 글자짜리 개체에는 I가 없습니다."),
    ),
    wrong=(
        (_Q1.replace("range(start + 1, end)", "range(start + 1, end + 1)"), "끝 번호의 글자"),
        (_Q1.replace('f"B-{kind}"', 'f"I-{kind}"'), "끝 번호의 글자"),
        (_Q1.replace("range(start + 1, end)", "range(start + 1, end - 1)"), "끝 번호의 글자"),
        (_Q1.replace('f"I-{kind}"', 'f"B-{kind}"'), "끝 번호의 글자"),
        (_Q1.replace('f"I-{kind}"', '"I"'), "끝 번호의 글자"),
    ),
)

_Q2 = '''def align_labels(offsets, tags):
    labels = []
    for start, end in offsets:
        if start == end:
            labels.append(-100)
            continue
        kinds = {tag[2:] for tag in tags[start:end]}
        begins_inside = any(tag[0] == "B" for tag in tags[start + 1:end])
        labels.append("?" if len(kinds) > 1 or begins_inside else tags[start])
    return labels'''

q2 = Exercise(
    name="q2",
    title="걸친 토큰 찾아내기",
    question=(
        "함수 `align_labels(offsets, tags)`를 완성하세요. `offsets`는 토큰마다 `(처음, 끝)`이고 `tags`는 "
        "글자마다 단 BIO "
        "태그입니다. 빈 토큰(처음과 끝이 같은 것)은 −100, 나머지는 **첫 글자의 태그**로 합니다. 다만 토큰이 "
        "개체의 경계에 "
        "걸치면, 곧 종류가 둘 이상이거나 둘째 글자부터 B가 나오면 `\"?\"`로 합니다."
    ),
    answer="align_labels",
    blank="def align_labels(offsets, tags):\n    ...  # 여기를 채우세요",
    source=_Q2,
    explanation=(
        "같은 종류라도 토큰 안에서 새 개체가 시작하면 한 레이블로는 나타낼 수 없습니다. 물음표의 수가 곧 이 "
        "토크나이저로는 "
        "맞힐 수 없는 자리의 수입니다."
    ),
    hints=(
        "태그에서 종류만 꺼내려면 tag[2:]를 씁니다. O에서는 빈 글이 되므로 따로 다루지 않아도 됩니다.",
        "tags[start:end]의 종류를 집합에 넣고 둘 이상인지 봅니다.",
        "tags[start + 1:end]에 B가 있는지도 봅니다.",
    ),
    cases=(
        Case(([(0, 0), (0, 1), (1, 3), (0, 0)], ["B-PS", "I-PS", "I-PS"]), [-100, "B-PS", "I-PS", -100],
             "빈 토큰은 -100이고 나머지는 첫 글자의 태그입니다."),
        Case(([(0, 2)], ["B-PS", "O"]), ["?"], "이름과 조사가 한 토큰이면 걸친 것입니다."),
        Case(([(0, 2)], ["O", "B-LC"]), ["?"], "개체의 앞에 걸친 것도 걸친 것입니다."),
        Case(([(0, 2)], ["B-DT", "B-DT"]), ["?"], "종류가 같아도 새 개체가 토큰 안에서 시작하면 걸친 것입니다."),
        Case(([(0, 2), (2, 4)], ["O", "O", "B-QT", "I-QT"]), ["O", "B-QT"], "경계가 맞으면 물음표가 없어야 합니다."),
        Case(([(0, 2)], ["I-DT", "I-QT"]), ["?"], "DT와 QT는 다른 종류입니다. 종류는 B-나 I- 뒤의 글자 전부입니다."),
        Case(([(0, 3)], ["O", "B-PS", "O"]), ["?"], "토큰의 가운데에만 든 개체도 걸친 것입니다. 양 끝만 보지 마세요."),
    ),
    wrong=(
        (_Q2.replace(" or begins_inside", ""), "새 개체가 토큰 안에서"),
        (_Q2.replace("len(kinds) > 1 or ", ""), "이름과 조사가"),
        (_Q2.replace("labels.append(-100)", 'labels.append("O")'), "빈 토큰은"),
        (_Q2.replace("tags[start + 1:end])", "tags[start:end])"), "빈 토큰은"),
        ("def align_labels(offsets, tags):\n    return [-100 if start == end else tags[start]\n"
         "            if tags[start][2:] == tags[end - 1][2:] and (end - start == 1 or tags[end - 1][0] != 'B')\n"
         "            else '?'"
         "            for start, end in offsets]", "양 끝만 보지"),
    ),
)

_Q3 = '''def covering(windows, start, end):
    found = []
    for number, (first, last) in enumerate(windows):
        if first <= start and end <= last:
            found.append(number)
    return found'''

q3 = Exercise(
    name="q3",
    title="답이 온전히 든 창",
    question=(
        "함수 `covering(windows, start, end)`를 완성하세요. `windows`는 창마다 지문의 토큰 `(처음, 끝)`이고 "
        "답은 토큰 "
        "`start`부터 `end` **앞**까지입니다. 답이 **온전히** 든 창의 번호를 차례대로 리스트로 돌려줍니다. 이 "
        "창에서만 답의 "
        "자리를 가르치고 나머지에서는 `[CLS]`를 가리킵니다."
    ),
    answer="covering",
    blank="def covering(windows, start, end):\n    ...  # 여기를 채우세요",
    source=_Q3,
    explanation=(
        "걸쳐 있는 창에서 답의 반쪽을 가르치면 모델은 반쪽짜리 답을 배웁니다. 겹침이 답보다 길면 온전히 든 "
        "창이 적어도 하나 "
        "있습니다."
    ),
    hints=("창의 처음은 답의 처음보다 뒤가 아니어야 합니다.", "창의 끝은 답의 끝보다 앞이 아니어야 합니다."),
    cases=(
        Case(([(0, 10), (8, 18)], 2, 4), [0], "첫 창에만 든 답입니다."),
        Case(([(0, 10), (6, 16)], 7, 9), [0, 1], "겹치는 곳의 답은 두 창에 다 들어 있습니다."),
        Case(([(0, 10), (8, 18)], 9, 12), [1], "첫 창에는 답의 앞부분만 있습니다."),
        Case(([(0, 10), (10, 20)], 9, 11), [], "겹치지 않으면 경계의 답은 어느 창에도 온전하지 않습니다."),
        Case(([(0, 10)], 0, 10), [0], "창과 꼭 같아도 든 것입니다."),
    ),
    wrong=(
        (_Q3.replace("first <= start and end <= last", "first < end and start < last"), "앞부분만"),
        (_Q3.replace("end <= last", "end < last"), "꼭 같아도"),
        (_Q3.replace("first <= start and", "first < start and"), "꼭 같아도"),
        (_Q3.replace("first <= start and end <= last", "first <= start or end <= last"), "첫 창에만"),
        (_Q3.replace("first <= start and end <= last", "first <= start <= last"), "앞부분만"),
    ),
)

_Q4 = '''def best_span(starts, ends, longest, threshold):
    null = starts[0] + ends[0]
    found, best = None, float("-inf")
    for first in range(1, len(starts)):
        for last in range(first, min(first + longest, len(ends))):
            if starts[first] + ends[last] > best:
                found, best = (first, last), starts[first] + ends[last]
    return () if found is None or null - best > threshold else found'''

q4 = Exercise(
    name="q4",
    title="답이 없다고 말하는 문턱",
    question=(
        "함수 `best_span(starts, ends, longest, threshold)`를 완성하세요. `starts`와 `ends`는 토큰마다 "
        "로짓이고 0번째는 "
        "`[CLS]`입니다. 토큰이 `longest`개를 넘지 않고 시작이 끝보다 뒤가 아닌 구간 가운데 합이 가장 큰 `(첫째, "
        "마지막)`을 돌려줍니다(합이 같으면 앞의 것). 답이 없다는 점수(0번째의 합)가 그 합보다 `threshold`를 "
        "**넘게** 크면 "
        "빈 튜플 `()`을 돌려줍니다."
    ),
    answer="best_span",
    blank="def best_span(starts, ends, longest, threshold):\n    ...  # 여기를 채우세요",
    source=_Q4,
    explanation=(
        "문턱을 높이면 답하는 일이 많아지고 낮추면 답이 없다고 하는 일이 많아집니다. 문턱은 검증 데이터에서 "
        "고르고 평가 "
        "데이터에는 그대로 씁니다."
    ),
    hints=(
        "first는 1부터, last는 first부터 first + longest 앞까지 돕니다.",
        "합이 같으면 앞의 것이 남도록 > 로 견줍니다.",
        "마지막에 starts[0] + ends[0] - 가장 큰 합이 threshold보다 큰지 봅니다.",
    ),
    cases=(
        Case(([0.0, 1.0, 3.0], [0.0, 1.0, 2.0], 5, 0.0), (2, 2), "합이 가장 큰 것은 2번째 토큰 하나입니다."),
        Case(([0.0, 1.0, 5.0], [0.0, 5.0, 1.0], 5, 0.0), (1, 1), "시작이 끝보다 뒤인 짝은 쓸 수 없습니다."),
        Case(([0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 1.0, 5.0], 2, 0.0), (1, 2), "longest를 넘는 구간은 쓸 수 없습니다."),
        Case(([4.0, 1.0], [4.0, 2.0], 5, 0.0), (), "답이 없다는 점수 8이 3보다 큽니다."),
        Case(([4.0, 1.0], [4.0, 2.0], 5, 6.0), (1, 1), "차이 5가 문턱 6을 넘지 않으면 답합니다."),
        Case(([2.0, 1.0], [1.0, 2.0], 5, 0.0), (1, 1), "점수가 같으면 문턱 0을 넘은 것이 아닙니다."),
        Case(([-5.0, -2.0], [-5.0, -1.0], 5, 0.0), (1, 1),
             "로짓은 모두 음수일 수도 있습니다. 가장 큰 합을 0에서 시작하지 마세요."),
        Case(([4.0, -4.0, -9.0], [4.0, 2.0, -9.0], 5, 5.0), (), "답이 없다는 점수는 0번째의 시작과 끝을 더한 8입니다."),
    ),
    wrong=(
        (_Q4.replace("range(first, min(first + longest, len(ends)))", "range(1, len(ends))"), "시작이 끝보다 뒤인"),
        (_Q4.replace("min(first + longest, len(ends))", "len(ends)"),
         "longest를 넘는"),
        (_Q4.replace(" or null - best > threshold", ""), "점수 8이"),
        (_Q4.replace("> threshold", "> 0"), "문턱 6을"),
        (_Q4.replace("> threshold", ">= threshold"), "문턱 0을"),
        (_Q4.replace('float("-inf")', "0.0"), "0에서 시작하지"),
        (_Q4.replace("null = starts[0] + ends[0]", "null = starts[-1] + ends[0]"), "시작과 끝을 더한 8"),
        (_Q4.replace("range(first, min(first + longest", "range(first, min(first + longest + 1"), "longest를 넘는"),
    ),
)

_Q5 = '''def strict_f1(gold, predicted):
    hits = len(set(gold) & set(predicted))
    total = len(set(gold)) + len(set(predicted))
    return 2 * hits / total if total else 1.0'''

q5 = Exercise(
    name="q5",
    title="엄격한 F1",
    question=(
        "함수 `strict_f1(gold, predicted)`를 완성하세요. 두 인자는 한 문장의 `(처음, 끝, 종류)`의 "
        "리스트입니다. 셋이 모두 "
        "같은 것만 맞은 것으로 세어 F1을 돌려줍니다. 양쪽이 다 비어 있으면 1입니다."
    ),
    answer="strict_f1",
    blank="def strict_f1(gold, predicted):\n    ...  # 여기를 채우세요",
    source=_Q5,
    explanation=(
        "맞은 것의 두 배를 정답의 수와 예측의 수의 합으로 나눕니다. 한 글자가 어긋나면 놓친 것이면서 헛짚은 것입니다."
    ),
    hints=("튜플을 집합에 넣으면 교집합이 맞은 개체입니다.", "분모가 0인 경우를 먼저 생각해 보세요."),
    cases=(
        Case(([(0, 3, "PS")], [(0, 3, "PS")]), 1.0, "모두 같으면 1입니다."),
        Case(([(0, 3, "PS")], [(0, 4, "PS")]), 0.0, "한 글자만 어긋나도 0입니다."),
        Case(([(0, 3, "PS")], [(0, 3, "OG")]), 0.0, "종류가 다르면 틀린 것입니다."),
        Case(([(0, 3, "PS"), (5, 7, "LC")], [(0, 3, "PS")]), 2 / 3, "정답 둘, 예측 하나, 맞은 것 하나면 2/3입니다."),
        Case(([], []), 1.0, "둘 다 비어 있으면 1입니다."),
    ),
    wrong=(
        (_Q5.replace(" if total else 1.0", ""), "둘 다 비어"),
        (_Q5.replace("2 * hits / total", "hits / max(len(gold), 1)"), "2/3"),
        (_Q5.replace("set(gold) & set(predicted)",
                     "{one[:2] for one in gold} & {one[:2] for one in predicted}"), "종류가 다르면"),
        (_Q5.replace("2 * hits / total", "hits / max(len(predicted), 1)"), "2/3"),
        (_Q5.replace("else 1.0", "else 0.0"), "둘 다 비어"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5)
