"""Exercises 7 and 8 of lecture 5: the scores of relations and of trees (taught in lecture 5)."""

from klue_helpers.exercises.frame import Case, Exercise

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
    ),
)
