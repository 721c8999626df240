"""`klue score` from the shell: one JSON object, and every mistake in a file told with its line."""

import json
import subprocess
import sys

import pytest

from klue_helpers import cli
from klue_helpers.data.schemas import DEPENDENCIES, NER_TAGS, RELATIONS, TOPICS

EVEN = [1 / 30] * 30


def write(path, *rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def klue_score(tmp_path, capsys):
    """Score rows, or files given as bytes; return (status, standard output, standard error)."""

    def call(task, gold, predicted):
        names = []
        for name, content in (("정답 1.jsonl", gold), ("예측 1.jsonl", predicted)):
            names.append(str(tmp_path / name))
            if isinstance(content, bytes):
                (tmp_path / name).write_bytes(content)
            else:
                write(tmp_path / name, *content)
        return cli.main(["score", task, *names]), *capsys.readouterr()

    return call


TREE = {"heads": [2, 0], "types": ["NP_SBJ", "VP"]}
# For each kind of task: gold rows, predicted rows, official and corrected metrics (None: the same), worked by hand.
CASES = [
    ("ynat", [{"label": "경제"}, {"label": 6}], [{"label": TOPICS.index("경제")}, {"label": "정치"}],
     {"macro_f1": 100}, None),
    ("nli", [{"label": "neutral"}, {"label": 2}], [{"label": 1}, {"label": "neutral"}], {"accuracy": 50}, None),
    ("bias", [{"label": "gender"}], [{"label": 1}], {"accuracy": 100, "macro_f1": 100}, None),
    ("paraphrase", [{"label": "same"}], [{"label": 1}], {"accuracy": 0, "macro_f1": 0}, None),
    ("sts", [{"score": 0}, {"score": 5.0}], [{"score": -0.5}, {"score": 6}], {"pearson": 100, "f1": 100}, None),
    ("korsts", [{"score": 0}, {"score": 5}], [{"score": 2.5}, {"score": 2.5}],
     {"pearson": None, "f1": 0, "spearman": None}, None),
    ("ner", [{"labels": ["B-PS", "O"]}, {"labels": ["O"]}], [{"labels": ["O", "B-PS"]}, {"labels": ["I-PS"]}],
     {"entity_macro_f1": 0, "char_macro_f1": 100 * 10 / 13}, {"entity_macro_f1": 0, "char_macro_f1": 0}),
    ("re", [{"label": "per:title"}], [{"label": 29, "probs": [0] * 29 + [1]}],
     {"micro_f1": 100, "auprc": 100 * (1 + 29 / 2) / 30}, None),
    ("dp", [TREE], [{"heads": [0, 0], "types": [3, 2]}],
     {"uas_macro_f1": 100 / 3, "uas_micro_f1": 50, "las_macro_f1": 100 / 3, "las_micro_f1": 50},
     {"uas_macro_f1": 50, "uas_micro_f1": 50, "las_macro_f1": 50, "las_micro_f1": 50}),
    ("mrc", [{"answers": ["토지"]}, {"answers": []}], [{"answer": "《토지》"}, {"answer": ""}],
     {"em": 50, "rouge_w": 250 / 3}, {"em": 100, "rouge_w": 100}),
    ("korquad", [{"answers": ["세종", "세종대왕"]}], [{"answer": "세종 대왕님"}], {"em": 0, "f1": 800 / 9}, None),
    ("wos", [{"state": ["숙소-가격대-무관", "숙소-이름-해-달 펜션"]}, {"state": []}],
     [{"state": ["숙소-가격대-무관"]}, {"state": []}],
     {"jga": 50, "slot_f1": 250 / 3}, {"jga": 50, "slot_f1": 200 / 3}),
    ("pos", [{"labels": ["NOUN", "VERB"]}], [{"labels": ["NOUN", "NOUN"]}],
     {"accuracy": 50, "macro_f1": 100 / 3}, None),
]


@pytest.mark.parametrize(("task", "gold", "predicted", "official", "corrected"), CASES, ids=[case[0] for case in CASES])
def test_one_json_object(klue_score, task, gold, predicted, official, corrected):
    status, out, err = klue_score(task, gold, predicted)
    assert (status, err, out.count("\n")) == (0, "", 1)
    scores = json.loads(out, parse_constant=pytest.fail)
    assert list(scores) == ["official", "corrected"]
    assert scores["official"] == pytest.approx(official, abs=1e-9)
    assert scores["corrected"] == pytest.approx(corrected or official, abs=1e-9)


def test_names_and_numbers_mean_the_same(klue_score):
    for task, names in (("ynat", TOPICS), ("re", RELATIONS)):
        by_name = [{"label": name, "probs": EVEN} for name in names]
        by_number = [{"label": number, "probs": EVEN} for number in range(len(names))]
        first = json.loads(klue_score(task, by_name, by_number)[1])["official"]
        assert first[next(iter(first))] == 100
    types = {"heads": [0] * 38, "types": DEPENDENCIES}
    assert '"las_macro_f1": 100.0' in klue_score("dp", [types], [{**types, "types": [*range(38)]}])[1]


def test_other_keys_are_left_alone(klue_score):
    row = {"guid": "x", "title": "별이 쏟아지는 밤", "label": 0, "probs": None}
    assert klue_score("ynat", [row], [{"label": 0, "note": [1]}])[0] == 0


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\n\n \n"])
def test_the_end_of_the_file_and_of_lines(klue_score, ending):
    gold = b'{"label": 0}\r\n {"label": 1} ' + ending
    assert json.loads(klue_score("nli", gold, [{"label": 0}, {"label": 1}])[1])["official"] == {"accuracy": 100}


def test_any_unicode_stays_whole(klue_score):
    text = "가\u2028나\x85다 \U0001f600 ᄒ"  # line and paragraph separators of Unicode inside a string end no line
    gold = json.dumps({"answers": [text]}, ensure_ascii=False).encode()
    out = klue_score("mrc", gold, [{"answer": text}])[1]
    assert json.loads(out)["official"] == {"em": 100, "rouge_w": 100}


def test_a_very_long_answer(klue_score):
    long = "서울특별시 종로구 " * 10_000
    out = klue_score("mrc", [{"answers": ["종로구"]}, {"answers": [long]}], [{"answer": long}, {"answer": long}])[1]
    assert json.loads(out)["corrected"]["em"] == 50


good = {"ynat": {"label": 0}, "nli": {"label": 0}, "sts": {"score": 1}, "ner": {"labels": ["O", "O"]},
        "re": {"label": 0, "probs": EVEN}, "dp": TREE, "mrc": {"answer": "가"}, "wos": {"state": []},
        "pos": {"labels": ["NOUN"]}, "korquad": {"answer": "가"}}
WRONG = [
    ("ynat", {"label": "연예"}, f"label: {', '.join(TOPICS)} 가운데 하나이거나 0부터 6까지의 정수"),
    ("ynat", {"label": 7}, "하는데 7입니다"),
    ("ynat", {"label": -1}, "하는데 -1입니다"),
    ("ynat", {"label": True}, "하는데 true입니다"),
    ("ynat", {"label": 1.0}, "하는데 1.0입니다"),
    ("ynat", {"label": "0"}, '하는데 "0"입니다'),
    ("ynat", {"label": None}, "하는데 null입니다"),
    ("ynat", {"Label": 0}, "label이(가) 없습니다"),
    ("ynat", [0], "JSON 객체 하나여야 하는데 [0]입니다"),
    ("ynat", "경제", '하는데 "경제"입니다'),
    ("nli", {"label": "가" * 1000}, "가…입니다"),
    ("sts", {"score": float("nan")}, "score: 유한한 수여야 하는데 NaN입니다"),
    ("sts", {"score": float("inf")}, "하는데 Infinity입니다"),
    ("sts", {"score": 10**400}, "…입니다"),
    ("sts", {"score": "3.5"}, '하는데 "3.5"입니다'),
    ("sts", {"score": False}, "하는데 false입니다"),
    ("ner", {"labels": ["O"]}, "labels의 길이가 정답은 2인데 예측은 1입니다"),
    ("ner", {"labels": ["O", "O", "O"]}, "labels의 길이가 정답은 2인데 예측은 3입니다"),
    ("ner", {"labels": ["O", "B-XX"]}, f"labels: 2번째: {', '.join(NER_TAGS)} 가운데 하나여야 하는데"),
    ("ner", {"labels": ["O", 12]}, "2번째"),
    ("ner", {"labels": "OO"}, '목록이어야 하는데 "OO"입니다'),
    ("ner", {"labels": []}, "빈 목록"),
    ("re", {"label": 0}, "probs이(가) 없습니다"),
    ("re", {"label": 30, "probs": EVEN}, "label: no_relation, org:dissolved"),
    ("re", {"label": 0, "probs": EVEN[1:]}, "probs: 30개여야 하는데 29개입니다"),
    ("re", {"label": 0, "probs": [*EVEN, 0]}, "30개여야 하는데 31개입니다"),
    ("re", {"label": 0, "probs": [*EVEN[1:], float("nan")]}, "probs: 30번째: 0에서 1 사이의 확률이어야 하는데 NaN"),
    ("re", {"label": 0, "probs": [*EVEN[1:], -2.5]}, "하는데 -2.5입니다"),
    ("re", {"label": 0, "probs": [*EVEN[1:], "0.1"]}, '하는데 "0.1"입니다'),
    ("re", {"label": 0, "probs": {"no_relation": 1}}, "목록이어야"),
    ("dp", {"heads": [2, 3], "types": [0, 0]}, "heads: 2번째: 0(뿌리)부터 어절 수 2까지의 정수여야 하는데 3입니다"),
    ("dp", {"heads": [-1, 0], "types": [0, 0]}, "하는데 -1입니다"),
    ("dp", {"heads": [2.0, 0], "types": [0, 0]}, "하는데 2.0입니다"),
    ("dp", {"heads": [2, 0], "types": [0]}, "heads 2개, types 1개"),
    ("dp", {"heads": [2, 0], "types": [0, 38]}, "types: 2번째"),
    ("dp", {"heads": [2, 0], "types": [0, "SBJ"]}, '하는데 "SBJ"입니다'),
    ("dp", {"heads": [0], "types": [0]}, "heads의 길이가 정답은 2인데 예측은 1입니다"),
    ("dp", {"heads": [], "types": []}, "빈 목록"),
    ("mrc", {"answer": ["가"]}, '문자열이어야 하는데 ["가"]입니다'),
    ("mrc", {"answer": None}, "하는데 null입니다"),
    ("mrc", {"answers": ["가"]}, "answer이(가) 없습니다"),
    ("wos", {"state": "숙소-지역-북쪽"}, "목록이어야"),
    ("wos", {"state": ["숙소-지역"]}, "“도메인-슬롯-값”이어야 하는데"),
    ("wos", {"state": [{"숙소-지역": "북쪽"}]}, "문자열이어야"),
    ("pos", {"labels": ["명사"]}, "ADJ, ADP"),
]


@pytest.mark.parametrize(("task", "row", "part"), WRONG)
def test_a_wrong_prediction_is_told_with_file_and_line(klue_score, task, row, part):
    gold = {"answers": ["가"]} if task in ("mrc", "korquad") else good[task]
    status, out, err = klue_score(task, [gold] * 3, [good[task], row, good[task]])
    assert (status, out) == (2, "") and err.startswith("klue: ") and err.count("\n") == 1
    assert "예측 1.jsonl 2행: " in err and part in err and len(err) < 1200
    assert err.rstrip().endswith(("처럼 씁니다.", "맞추세요."))


@pytest.mark.parametrize(("task", "row", "part"), [
    ("ynat", {"label": "연예"}, "label"), ("mrc", {"answers": "가"}, "목록이어야"),
    ("mrc", {"answers": [{"text": "가", "answer_start": 3}]}, "answers: 1번째: 문자열이어야"),
    ("korquad", {"answers": []}, "빈 목록"), ("mrc", {"answer": "가"}, "answers이(가) 없습니다"),
])
def test_a_wrong_gold_is_told_with_file_and_line(klue_score, task, row, part):
    gold = {"answers": ["가"]} if task in ("mrc", "korquad") else good[task]
    status, out, err = klue_score(task, [gold, row], [good[task]] * 2)
    assert (status, out) == (2, "") and "정답 1.jsonl 2행: " in err and part in err and err.count("\n") == 1


LINE = b'{"label": 0}\n'


@pytest.mark.parametrize(("content", "part"), [
    (LINE + b'{"label": 0', "예측 1.jsonl 2행: JSON으로 읽을 수 없습니다"),
    (LINE + b"{'label': 0}\n", "2행: JSON으로"),
    (LINE + b'{"label": 0} {"label": 1}\n', "2행: JSON으로"),
    (LINE + b"[" * 100_000 + b"\n", "2행: JSON으로"),
    (LINE + b'{"label": ' + b"9" * 5000 + b"}\n", "2행: JSON으로"),
    (LINE + b"\r{\x0b\n", "2행: JSON으로"),
    (LINE + b"\n" + LINE, "2행: 빈 줄"),
    (b"\n" + LINE * 2, "1행: 빈 줄"),
    (LINE + b" \t\n" + LINE, "2행: 빈 줄"),
    (b"", "예측 1.jsonl: 빈 파일"),
    (b" \n\n", "예측 1.jsonl: 빈 파일"),
    (b"\xef\xbb\xbf" + LINE * 2, "예측 1.jsonl 1행: 맨 앞에 BOM"),
    ('{"label": 0}\n{"label": "경제"}'.encode("cp949"), "2행: UTF-8이 아닌"),
    ('{"label": 0}\n{"label": 0}'.encode("utf-16"), "1행: UTF-8이 아닌"),
    (LINE, "예측 1.jsonl 2행이 없습니다: 정답 2줄, 예측 1줄"),
    (LINE * 3, "정답 1.jsonl 3행이 없습니다: 정답 2줄, 예측 3줄"),
])
def test_a_broken_file_is_told_with_its_line(klue_score, content, part):
    status, out, err = klue_score("ynat", LINE * 2, content)
    assert (status, out) == (2, "") and err.startswith("klue: ") and err.count("\n") == 1
    assert part in err and err.rstrip().endswith(("요.", "씁니다."))


def test_missing_files_folders_and_unknown_tasks(tmp_path, capsys):
    there = write(tmp_path / "있음.jsonl", {"label": 0})
    for words, part in [
        (["ynat", there, str(tmp_path / "없음.jsonl")], f"파일이 없습니다: {tmp_path / '없음.jsonl'}"),
        (["ynat", str(tmp_path), there], "파일을 읽지 못했습니다"),
        (["ynad", there, there], "쓸 수 있는 과제: ynat, sts, nli, nsmc, hate"),
        (["ynat", there], "빠진 인자가 있습니다: 예측"),
    ]:
        assert cli.main(["score", *words]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("klue: ") and part in err and err.count("\n") == 1


def test_nothing_but_the_scores_comes_out_of_the_process(tmp_path):
    gold = write(tmp_path / "g.jsonl", *({"labels": ["B-PS"]} for _ in range(3)))
    done = subprocess.run([sys.executable, "-m", "klue_helpers", "score", "ner", gold, gold], capture_output=True,
                          text=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["official"]["entity_macro_f1"] == 100
