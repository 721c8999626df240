"""Columns, types and label names of every data set, the same for all its sources (each taught in its lecture).

KLUE's eight have the schema of the hub's ``klue/klue``; label numbers of the others are the published files'.
"""

from datasets import ClassLabel, Features, List, Value

TOPICS = ["IT과학", "경제", "사회", "생활문화", "세계", "스포츠", "정치"]
NLI_LABELS = ["entailment", "neutral", "contradiction"]
ENTITY_TYPES = ["DT", "LC", "OG", "PS", "QT", "TI"]
NER_TAGS = [*(f"{part}-{kind}" for kind in ENTITY_TYPES for part in "BI"), "O"]
RELATIONS = [
    "no_relation", "org:dissolved", "org:founded", "org:place_of_headquarters", "org:alternate_names", "org:member_of",
    "org:members", "org:political/religious_affiliation", "org:product", "org:founded_by", "org:top_members/employees",
    "org:number_of_employees/members", "per:date_of_birth", "per:date_of_death", "per:place_of_birth",
    "per:place_of_death", "per:place_of_residence", "per:origin", "per:employee_of", "per:schools_attended",
    "per:alternate_names", "per:parents", "per:children", "per:siblings", "per:spouse", "per:other_family",
    "per:colleagues", "per:product", "per:religion", "per:title",
]
# In the order of KLUE's baseline, by which its metric tells rare labels from frequent ones.
DEPENDENCIES = [
    "NP", "NP_AJT", "VP", "NP_SBJ", "VP_MOD", "NP_OBJ", "AP", "NP_CNJ", "NP_MOD", "VNP", "DP", "VP_AJT", "VNP_MOD",
    "NP_CMP", "VP_SBJ", "VP_CMP", "VP_OBJ", "VNP_CMP", "AP_MOD", "X_AJT", "VP_CNJ", "VNP_AJT", "IP", "X", "X_SBJ",
    "VNP_OBJ", "VNP_SBJ", "X_OBJ", "AP_AJT", "L", "X_MOD", "X_CNJ", "VNP_CNJ", "X_CMP", "AP_CMP", "AP_SBJ", "R",
    "NP_SVJ",
]
# The slots of Wizard-of-Seoul, as "domain-slot".
SLOTS = [f"{domain}-{slot}" for domain, slots in {
    "관광": ["경치 좋은", "교육적", "도보 가능", "문화 예술", "역사적", "이름", "종류", "주차 가능", "지역"],
    "숙소": ["가격대", "도보 가능", "수영장 유무", "스파 유무", "예약 기간", "예약 명수", "예약 요일", "이름",
             "인터넷 가능", "조식 가능", "종류", "주차 가능", "지역", "헬스장 유무", "흡연 가능"],
    "식당": ["가격대", "도보 가능", "야외석 유무", "예약 명수", "예약 시간", "예약 요일", "이름", "인터넷 가능",
             "종류", "주류 판매", "주차 가능", "지역", "흡연 가능"],
    "지하철": ["도착지", "출발 시간", "출발지"],
    "택시": ["도착 시간", "도착지", "종류", "출발 시간", "출발지"],
}.items() for slot in slots]
INTENTS = ["fragment", "statement", "question", "command", "rhetorical_question", "rhetorical_command",
           "intonation_dependent"]
DIRECTIVES = ["yes_no_question", "alternative_question", "wh_question", "prohibition", "requirement",
              "strong_requirement"]
UPOS = ["ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
        "SYM", "VERB", "X"]

_TEXT, _INT, _FLOAT, _BOOL = Value("string"), Value("int32"), Value("float64"), Value("bool")
_SPAN = {"word": _TEXT, "start_idx": _INT, "end_idx": _INT, "type": _TEXT}
_ANSWERS = {"answer_start": List(_INT), "text": List(_TEXT)}


def _labels(names: list[str]) -> ClassLabel:
    return ClassLabel(names=names)


SCHEMAS: dict[str, Features] = {
    name: Features(columns)
    for name, columns in {
        "ynat": {"guid": _TEXT, "title": _TEXT, "label": _labels(TOPICS), "url": _TEXT, "date": _TEXT},
        "sts": {
            "guid": _TEXT, "source": _TEXT, "sentence1": _TEXT, "sentence2": _TEXT,
            "labels": {"label": _FLOAT, "real-label": _FLOAT, "binary-label": _labels(["negative", "positive"])},
        },
        "nli": {"guid": _TEXT, "source": _TEXT, "premise": _TEXT, "hypothesis": _TEXT, "label": _labels(NLI_LABELS)},
        "ner": {"sentence": _TEXT, "tokens": List(_TEXT), "ner_tags": List(_labels(NER_TAGS))},
        "re": {"guid": _TEXT, "sentence": _TEXT, "subject_entity": _SPAN, "object_entity": _SPAN,
               "label": _labels(RELATIONS), "source": _TEXT},
        "dp": {"sentence": _TEXT, "index": List(_INT), "word_form": List(_TEXT), "lemma": List(_TEXT),
               "pos": List(_TEXT), "head": List(_INT), "deprel": List(_TEXT)},
        "mrc": {"title": _TEXT, "context": _TEXT, "news_category": _TEXT, "source": _TEXT, "guid": _TEXT,
                "is_impossible": _BOOL, "question_type": _INT, "question": _TEXT, "answers": _ANSWERS},
        "wos": {"guid": _TEXT, "domains": List(_TEXT),
                "dialogue": List({"role": _TEXT, "text": _TEXT, "state": List(_TEXT)})},
        "nsmc": {"id": _TEXT, "document": _TEXT, "label": _labels(["negative", "positive"])},
        "korquad": {"id": _TEXT, "title": _TEXT, "context": _TEXT, "question": _TEXT, "answers": _ANSWERS},
        "korsts": {"genre": _TEXT, "filename": _TEXT, "year": _TEXT, "id": _TEXT, "score": _FLOAT, "sentence1": _TEXT,
                   "sentence2": _TEXT},
        "kornli": {"sentence1": _TEXT, "sentence2": _TEXT, "gold_label": _labels(NLI_LABELS)},
        "chatbot": {"Q": _TEXT, "A": _TEXT, "label": _labels(["everyday", "breakup", "love"])},
        # The published column `is_duplicate` means the opposite: 0 is a pair of the same meaning.
        "question_pair": {"question1": _TEXT, "question2": _TEXT, "label": _labels(["same", "different"])},
        "hate": {"comments": _TEXT, "contain_gender_bias": _BOOL, "bias": _labels(["none", "gender", "others"]),
                 "hate": _labels(["none", "offensive", "hate"]), "news_title": _TEXT},
        "sarcasm": {"tokens": _TEXT, "label": _labels(["not_sarcastic", "sarcastic"])},
        "intent": {"text": _TEXT, "label": _labels(INTENTS)},
        "sae": {"text": _TEXT, "argument": _TEXT, "label": _labels(DIRECTIVES)},
        "pos": {"text": _TEXT, "tokens": List(_TEXT), "upos": List(_labels(UPOS))},
        "corpus": {"id": _TEXT, "register": _TEXT, "title": _TEXT, "text": _TEXT},
    }.items()
}
