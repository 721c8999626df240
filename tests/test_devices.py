"""Every public tensor function and every network on a make-believe CUDA device; the lectures' cells read for devices.

The list of what needs a case is found by inspection: a new function of tensors or models fails until it has one.
"""

import importlib
import inspect
import json
import pkgutil
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from conftest import ROOT
from device_lint import find_mixtures
from standin.device.make_believe import Calls, Operations, on_cuda, tensors_in
from tiny_lm import tiny_lm

import klue_helpers as kh
from klue_helpers import attention, embeddings, generation, prompting, steering
from klue_helpers.chatbot import paraphrase_scores, vectors_of
from klue_helpers.models import load_causal_lm, load_encoder
from klue_helpers.multimodal import codes, painter, questions, saved, two_stream, world
from klue_helpers.pretraining import bert, gpt, pairs
from klue_helpers.pretraining.settings import pretrain_settings
from klue_helpers.tasks import collate, load_task, networks, reading
from klue_helpers.training import adapters, load_rows
from klue_helpers.training.saved import TaskModel, load_model

ABOUT = ("Tensor", "Masks", "CausalLM", "Encoder", "Module", "PictureCodes", "Painter", "TwoStream", "PreTrainedModel",
         "TaskModel", "QuestionBatch")
PROMPT, WORDS = "이 영화는", ["음악", "배우"]
STAYS = {  # what has no tensor to place: (why)
    "generation.start_pieces": "numbers of pieces", "prompting.few_shot_prompt": "text",
    "steering.topic_pieces": "numbers of pieces", "two_stream.question_tensors": "made on the CPU, moved by the user",
    "two_stream.self_layer": "a part of CrossLayer", "kinds.set_first_weights": "before the model is placed",
    "run.take_weights": "before the model is placed", "run.save_model": "writes files", "pairs.collate_pairs":
    "NumPy's arrays; the loop moves the batch", "load.load_parts": "load_encoder", "run.evaluate": "TaskModel.predict",
    "loop.new_optimizers": "holds the weights where they lie",
}


@pytest.fixture
def cuda(monkeypatch):
    """The make-believe device for the length of a test."""
    answers = {"is_available": True, "device_count": 1, "current_device": 0, "is_bf16_supported": False,
               "manual_seed": None, "manual_seed_all": None, "set_rng_state": None, "is_initialized": True,
               "_lazy_init": None, "is_current_stream_capturing": False}
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer, **__: answer)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda *_: torch.get_rng_state())
    with ExitStack() as stack:
        stack.enter_context(Calls())
        stack.enter_context(Operations())
        yield


def there(*shape: int) -> torch.Tensor:
    return torch.randn(*shape).to("cuda")


def some_lm():
    lm = tiny_lm([f"{PROMPT} {word}이 좋다. {word}" for word in WORDS], vocab_size=300)
    lm.model.to("cuda")
    return lm


def some_codes() -> codes.PictureCodes:
    return codes.PictureCodes(8, patch=12, size=8, code_size=4).to("cuda")


def some_painter() -> painter.Painter:
    return painter.Painter(some_codes(), size=8, layers=1, heads=2).to("cuda")


def some_pictures() -> torch.Tensor:
    return torch.from_numpy(np.stack([world.render(scene) for scene in some_scenes()]))


def some_scenes() -> list[world.Scene]:
    return world.draw_scenes(6, np.random.default_rng(0))


def some_questions() -> two_stream.QuestionBatch:
    return two_stream.question_tensors(questions.draw_questions(6, np.random.default_rng(0)))


def some_states(lm):
    row = torch.tensor([[1, 5, 6]], device="cuda")
    return steering.states_of(lm.model(row).past_key_values)


def attend_all():
    masks = attention.permutation_masks([2, 0, 1], device="cuda")
    window = attention.window_mask(3, window=1, everywhere=[0], device="cuda")
    return attention.TwoStreamLayer(4).to("cuda")(there(3, 4), there(3, 4), masks), attention.attend(
        there(3, 4), there(3, 4), there(3, 4), window)


def steer():
    lm = some_lm()
    pieces = steering.topic_pieces(lm, WORDS)
    strength = steering.SteeringStrength(steps=1)
    return (steering.steered_rows(lm, PROMPT, pieces, count=2, length=2, strength=strength),
            *steering.steered_scores(lm, some_states(lm), torch.tensor([[5]], device="cuda"), pieces, strength))


def paint():
    """Train a step of each, draw with and without chance."""
    network, vq = some_painter(), some_codes()
    texts, numbers = painter.painting_tensors(some_scenes(), vq, np.random.default_rng(0))
    assert on_cuda(texts) and on_cuda(numbers)
    assert np.isfinite(painter.train_painter(network, texts.cpu(), numbers.cpu(), steps=2, batch_size=2)).all()
    for temperature in (0.0, 1.0):
        assert painter.paint_texts(["빨간 원"], network, vq, temperature=temperature).shape == (1, 3, 24, 24)
    return network.write(texts[:1])


def train_vq():
    network = some_codes()
    assert np.isfinite(codes.train_codes(network, some_pictures(), steps=3, batch_size=2)).all()
    assert np.isfinite(codes.train_codes(network, some_pictures(), steps=2, batch_size=2, fill=False)).all()
    pictures = some_pictures().to("cuda")
    network.fill_codebook(pictures)
    codes.straight_through(network.vectors(pictures), network.vectors(pictures))
    return network.decode(network.encode(some_pictures())), *codes.code_losses(network, pictures)


def answer():
    network, data = two_stream.TwoStream(8, heads=2, layers=1).to("cuda"), some_questions()
    assert np.isfinite(two_stream.train_two_stream(network, data, steps=2, batch_size=2)).all()
    assert np.isfinite(two_stream.train_two_stream(network, data, steps=1, batch_size=2, blind=True)).all()
    assert len(two_stream.answer_questions(network, data, batch_size=4)) == 6
    data = data.to("cuda")
    return network(data.texts, data.pictures)


def score_texts():
    lm = some_lm()
    assert all(np.isfinite(row).all() for row in prompting.log_likelihoods(lm, [PROMPT, f"{PROMPT} 음악"]))
    assert np.isfinite(prompting.bits_per_character(lm, [PROMPT]))
    for score in (prompting.continuation_scores, prompting.label_scores):
        assert np.isfinite(score(lm, [PROMPT, f"{PROMPT} 배우"], [" 음악", " 배우"])).all()


def write_texts():
    lm = some_lm()
    assert len(generation.sample_texts(lm, PROMPT, count=2, max_new_tokens=3, top_k=5, allow_slurs=True)) == 2
    assert generation.sample_and_rank(lm, PROMPT, count=2, max_new_tokens=3, allow_slurs=True)


def load_all():
    lm, encoder = load_causal_lm(), load_encoder()
    assert on_cuda(next(lm.model.parameters())) and on_cuda(next(encoder.model.parameters()))
    assert not on_cuda(next(load_encoder(device="cpu").model.parameters()))
    vectors = embeddings.sentence_vectors(encoder, ["봄비", "산길을 걷다"])
    assert np.allclose(vectors_of(encoder)(["봄비", "산길을 걷다"]), vectors) and vectors.shape[0] == 2
    return [next(network.parameters()) for network in saved.load_painter()]


def mask_and_learn():
    """The masks of a batch on the device, and the losses of both kinds of pre-training."""
    ids, draw = torch.randint(5, 50, (2, 8)).to("cuda"), torch.Generator().manual_seed(0)
    masked = pairs.mask_tokens(ids, special_ids=[0, 1, 2], mask_id=4, vocab_size=50, generator=draw)
    sizes = {"hidden_size": 16, "layers": 1, "heads": 2, "max_length": 16}
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids}
    pair = {"token_type_ids": torch.zeros_like(ids), "next_sentence_label": ids[:, 0] % 2}
    reads = bert.BertLoss(bert.new_bert(pretrain_settings("bert", sizes), 50), mask_id=4).to("cuda")
    writes = gpt.GptLoss(gpt.new_gpt(pretrain_settings("gpt", sizes), some_lm().tokenizer)).to("cuda")
    few = {name: value % 30 for name, value in batch.items()}  # the small tokenizer's pieces
    return masked, [*reads({**batch, **pair}).values()], [*writes(few).values()]


def adapt():
    """LoRA in an encoder on the device: what is free, and what its network gives."""
    loaded = load_encoder(head="sequence-classification", num_labels=2)
    network = adapters.add_adapters(loaded, 2)
    assert adapters.encoder_of(network) is loaded.model.bert
    network.to("cuda")
    weights = adapters.free_weights(network)
    adapters.take_weights(network, weights)
    ids = torch.tensor([[2, 9, 3]]).to("cuda")
    return [*weights.values()], network(ids).logits


TASKS = {"ynat": {}, "sts": {"pairing": "bi"}, "re": {"marker": "embedding"}, "ner": {}, "dp": {}, "mrc": {}, "wos": {},
         "paraphrase": {}}


def predict_all(tiny):
    for name, options in TASKS.items():
        task = load_task(name, **options)
        rows = load_rows(task, "sample", "train")[:2]
        tokenizer, model = task.new_model(tiny)
        trained = TaskModel(task, tokenizer, model.to("cuda").eval(), tiny, 128)
        assert len(trained.predict(rows).predictions) >= 2
        features = task.encode(rows, tokenizer, 128)
        batch = {key: value.to("cuda") for key, value in collate([one.inputs for one in features], tokenizer).items()}
        assert on_cuda(model(**batch).loss), f"{name}: a network's loss"
        if name == "paraphrase":
            assert len(paraphrase_scores(trained)("비가 와", ["눈이 와", "비 온다"])) == 2


CASES = {  # what runs, and what it stands for
    attend_all: "attention.attend attention.TwoStreamLayer attention.window_mask attention.permutation_masks",
    lambda: attention.window_attention(*there(3, 5, 4), window=1): "attention.window_attention",
    lambda: attention.hash_buckets(there(5, 4), buckets=4): "attention.hash_buckets",
    steer: "steering.steered_rows steering.steered_scores steering.next_scores steering.states_of "
           "steering.shift_states",
    paint: "painter.Painter painter.Painter.write painter.painting_tensors painter.train_painter painter.paint_texts",
    train_vq: "codes.PictureCodes codes.PictureCodes.vectors codes.PictureCodes.paint codes.PictureCodes.nearest "
              "codes.PictureCodes.encode codes.PictureCodes.decode codes.PictureCodes.fill_codebook "
              "codes.straight_through codes.code_losses codes.train_codes",
    answer: "two_stream.CrossLayer two_stream.TwoStream two_stream.train_two_stream two_stream.answer_questions",
    score_texts: "prompting.log_likelihoods prompting.bits_per_character prompting.continuation_scores "
                 "prompting.label_scores",
    write_texts: "generation.sample_texts generation.sample_and_rank",
    load_all: "causal.load_causal_lm load.load_encoder saved.load_painter saved.new_painter saved.save_painter "
              "embeddings.sentence_vectors chatbot.vectors_of",
    adapt: "adapters.add_adapters adapters.encoder_of adapters.free_weights adapters.take_weights",
    mask_and_learn: "pairs.mask_tokens bert.BertLoss gpt.GptLoss",
}
OTHER = {  # in tests of their own below
    "networks.EntityEmbedding", "networks.BiEncoder", "networks.BiEncoder.pooled", "networks.BiaffineParser",
    "networks.BiaffineParser.arc_scores", "networks.BiaffineParser.label_scores", "networks.StateGenerator",
    "networks.StateGenerator.write", "networks.StateGenerator.token_probabilities", "saved.load_finetuned",
    "base.collate", "networks.allowed", "reading.best_spans", "chatbot.paraphrase_scores", "saved.load_model",
    "predict.predict_rows",
}


def functions_of_tensors() -> set[str]:
    """Return the names of public functions whose types speak of tensors or models, and of networks and methods."""
    found = set()
    for info in pkgutil.walk_packages(kh.__path__, "klue_helpers."):
        if info.name.startswith(("klue_helpers.course", "klue_helpers.cli", "klue_helpers.__main__",
                                 "klue_helpers.exercises")):
            continue
        module, short = importlib.import_module(info.name), info.name.rpartition(".")[2]
        own = {name: value for name, value in vars(module).items() if getattr(value, "__module__", "") == info.name}
        for name, value in own.items():
            if inspect.isclass(value) and issubclass(value, torch.nn.Module):
                methods = {key for key, one in vars(value).items() if inspect.isfunction(one) and key[0] != "_"}
                found |= {f"{short}.{name}", *(f"{short}.{name}.{key}" for key in methods - {"forward"})}
            elif inspect.isfunction(value) and not name.startswith("_"):
                types = " ".join(map(str, value.__annotations__.values()))
                found |= {f"{short}.{name}"} if any(word in types for word in ABOUT) else set()
    return found


def test_every_function_of_tensors_has_a_case():
    cases = {name for names in CASES.values() for name in names.split()} | OTHER | set(STAYS)
    assert functions_of_tensors() - cases == set(), "add a case that runs it on the make-believe device"


@pytest.mark.parametrize("run", CASES, ids=lambda run: CASES[run].split()[0])
def test_it_runs_on_a_cuda_device_and_stays_there(run, cuda):
    found = [tensor for tensor in tensors_in(run()) if tensor.dim()]
    assert all(map(on_cuda, found))


def test_every_tasks_network_trains_and_predicts_on_a_cuda_device(cuda, tiny_encoder, tmp_path):
    predict_all(tiny_encoder)
    assert on_cuda(networks.allowed(torch.ones(1, 4, dtype=torch.bool, device="cuda")))
    task = load_task("ynat")
    tokenizer, model = task.new_model(tiny_encoder)
    TaskModel(task, tokenizer, model.cpu(), tiny_encoder, 128).save(tmp_path)
    assert on_cuda(next(load_model(tmp_path).model.parameters()))
    assert reading.best_spans(there(6), there(6), [(place, place + 1) for place in range(6)])


@pytest.mark.parametrize("plant", [
    lambda: attention.attend(there(3, 4), there(3, 4), there(3, 4), attention.window_mask(3, window=1)),
    lambda: there(2).numpy(), lambda: load_encoder().model(torch.tensor([[1, 2]])),
], ids=["a mask on the CPU", "NumPy without .cpu()", "ids on the CPU"])
def test_the_make_believe_device_finds_what_a_real_one_would(plant, cuda):
    with pytest.raises((RuntimeError, TypeError), match=r"same device|host memory"):
        plant()


# The choice of the device.

def test_the_device_is_cuda_then_mps_then_the_cpu_and_a_variable_overrides(monkeypatch):
    monkeypatch.delenv("KLUE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert kh.runtime.device() == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert kh.runtime.device() == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert kh.runtime.device() == torch.device("cuda", 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert kh.runtime.device() == torch.device("cuda", 1)
    monkeypatch.setenv("KLUE_DEVICE", "cpu")
    assert kh.runtime.device() == torch.device("cpu")


@pytest.mark.parametrize(("asked", "part"), [("gpu", "장치의 이름이 아닙니다"), ("cuda:7", "그런 장치가 없습니다"),
                                             ("meta", "그런 장치가 없습니다")])
def test_a_device_that_is_not_there_is_told(asked, part, monkeypatch):
    monkeypatch.setenv("KLUE_DEVICE", asked)
    with pytest.raises(kh.KlueError, match=part):
        kh.runtime.device()


# The lectures.

def code_cells(path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


LECTURES = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem[:2])
def test_the_cells_of_a_lecture_mix_no_devices(path):
    cells = code_cells(path)
    assert find_mixtures(cells) == []
    assert not any("cuda.is_available" in cell for cell in cells), "kh.runtime.device() chooses the device"


PLANTS = {  # what stands in a lecture, and what a careless hand would make of it
    "03": [(", device=device)\nfor sentence", ")\nfor sentence"), (").to(device)\n    place", ")\n    place"),
           ("[:, 0].cpu()", "[:, 0]")],
    "01": [("**inputs.to(device)", "**inputs"), (".mean(0).cpu().numpy()", ".mean(0).numpy()")],
    "08": [("torch.tensor([row], device=device)", "torch.tensor([row])"), (".T.cpu().numpy()", ".T.numpy()")],
    "09": [("torch.tensor([ids], device=gpt.device)", "torch.tensor([ids])")],
    "10": [(", device=model.device)", ")"), ("answers.to(device)", "answers"), ("fill).to(device)", "fill)")],
}


@pytest.mark.parametrize(("lecture", "old", "new"), [(number, *plant) for number, plants in PLANTS.items()
                                                     for plant in plants])
def test_a_device_that_is_forgotten_in_a_lecture_is_found(lecture, old, new):
    cells = code_cells(next(path for path in LECTURES if path.stem.startswith(lecture)))
    spoilt = [cell.replace(old, new, 1) for cell in cells]
    assert spoilt != cells, "the lecture no longer says what this test spoils"
    assert find_mixtures(spoilt)
