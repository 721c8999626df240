"""Gold labels through tokenizers of five kinds and back: entities, answers (lecture 7)."""

import json

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from klue_helpers.metrics.tags import entities
from klue_helpers.models import load_encoder
from klue_helpers.tasks import load_task
from klue_helpers.tasks.base import IGNORED
from klue_helpers.tasks.reading import best_spans
from klue_helpers.training import load_rows
from klue_helpers.training.results import scores_of

NER, KORQUAD = load_task("ner"), load_task("korquad")
OUTSIDE = NER.labels.names.index("O")
BERT = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
# The first two count the space before a word to its first token; the third gives a lone space mark a letter's place.
KINDS = ("DebertaV2", "BigBird", "XLMRoberta", "Roberta", "WordPiece")
ENOUGH = 95.0


@pytest.fixture(scope="module")
def rows():
    return load_rows(NER, "sample", "train") + load_rows(NER, "sample", "validation")


@pytest.fixture(scope="module")
def tokenizers(rows):
    """Published tokenizer classes with pieces learnt from the sample, and the shipped WordPiece."""
    texts = [row["sentence"] for row in rows]
    unigram, letters = Tokenizer(models.Unigram()), Tokenizer(models.BPE())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.train_from_iterator(texts, trainers.UnigramTrainer(
        vocab_size=1_200, unk_token="[UNK]", special_tokens=list(BERT.values()), show_progress=False))
    letters.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=1_500, special_tokens=ROBERTA, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    pieces = [tuple(piece) for piece in json.loads(unigram.to_str())["model"]["vocab"]]
    pairs = json.loads(letters.to_str())["model"]
    ends = {"bos_token": "[CLS]", "eos_token": "[SEP]", "model_max_length": 512, **BERT}
    return {"DebertaV2": transformers.DebertaV2Tokenizer(vocab=pieces, unk_id=1, model_max_length=512),
            "BigBird": transformers.BigBirdTokenizer(vocab=pieces, **ends),
            "XLMRoberta": transformers.XLMRobertaTokenizer(vocab=pieces, **ends),
            "Roberta": transformers.RobertaTokenizer(vocab=pairs["vocab"], model_max_length=512,
                                                     merges=[tuple(pair) for pair in pairs["merges"]]),
            "WordPiece": load_encoder("klue-mini-bert").tokenizer}


def there_and_back(rows, tokenizer):
    """Return what a model that gets every token right would predict."""
    features = NER.encode(rows, tokenizer, 256)
    readouts = [np.where(labels == IGNORED, OUTSIDE, labels)
                for labels in (np.array(feature.inputs["labels"]) for feature in features)]
    return NER.decode(readouts, features, rows)


def reachable(rows, tokenizer):
    """Return the mean over types of the share × 100 of entities that begin and end where tokens do.

    Counted from the bare offsets, without the task: a token's letters are those that it shows.
    """
    whole = {}
    for row in rows:
        text = row["sentence"]
        letters = [[at for at in range(*span) if not text[at].isspace()]
                   for span in tokenizer(text, return_offsets_mapping=True)["offset_mapping"]]
        first, last = ({one[place] for one in letters if one} for place in (0, -1))
        for one in entities([NER.gold(row)["labels"]]):
            whole.setdefault(one.kind, []).append(one.start in first and one.end - 1 in last)
    return 100 * np.mean([np.mean(several) for several in whole.values()])


@pytest.mark.parametrize("kind", KINDS)
def test_gold_entities_come_back_as_far_as_the_pieces_allow(kind, rows, tokenizers):
    tokenizer = tokenizers[kind]
    gold = [NER.gold(row) for row in rows]
    found = scores_of(NER, gold, there_and_back(rows, tokenizer)).corrected["entity_macro_f1"]
    bound = reachable(rows, tokenizer)
    print(f"{kind}: entity F1 {found:.1f}, {bound:.1f}% of the entities can be reached")
    assert abs(found - bound) < 1.5, "a token across a border costs its own entity and little else"
    assert found >= ENOUGH or bound < ENOUGH


def test_the_pieces_of_most_kinds_allow_it(rows, tokenizers):
    """Else the test above would prove nothing."""
    assert sum(reachable(rows, tokenizer) >= ENOUGH for tokenizer in tokenizers.values()) >= 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_after_a_space_is_found_whole(kind, tokenizers):
    text = "어제 나래는  가온시에 갔다."
    tags = [*["O"] * 3, "B-PS", "I-PS", *["O"] * 3, "B-LC", "I-LC", "I-LC", *["O"] * 5]
    row = NER.check({"sentence": text, "ner_tags": tags})
    features = NER.encode([row], tokenizers[kind], 64)
    shown = {start: text[start:end] for feature in features for _, start, end in feature.note}
    assert not any(text[start].isspace() for start in shown)
    labelled = [label for label in features[0].inputs["labels"] if label != IGNORED]
    assert len(labelled) == len(shown)
    if all(place in shown for place in (3, 8)):  # else a piece holds the border, as WordPiece's may
        starts = {one["start"] for one in there_and_back([row], tokenizers[kind])[0]["entities"]}
        assert starts == {3, 8}


@pytest.mark.parametrize("kind", KINDS)
def test_answers_begin_at_a_letter(kind, tokenizers):
    """No token's place begins or ends in white space; the answer's first token is not that of the space before."""
    rows = load_rows(KORQUAD, "sample", "validation")[:40]
    features = KORQUAD.encode(rows, tokenizers[kind], 256)
    right = 0
    for feature in features:
        context = rows[feature.row]["context"]
        parts = [context[start:end] for start, end in filter(None, feature.note.spans)]
        assert all(part == part.strip() != "" for part in parts)
        first, last = feature.inputs["start_positions"], feature.inputs["end_positions"]
        if first:
            scores = np.zeros((2, len(feature.inputs["input_ids"])))
            scores[0, first] = scores[1, last] = 9
            best = best_spans(*map(torch.from_numpy, scores), feature.note.spans)[0]
            right += rows[feature.row]["answers"]["text"][0].strip() in context[best.start : best.end]
    assert right >= len(rows)
