"""The gpu profile fits a T4 and ends in a lunch break, by the estimate from configs; that the estimate can say no."""

import pytest

from klue_helpers.configure import LECTURES, settings_for
from klue_helpers.course.gpu_estimate import CARD_GB, LIMIT_MINUTES, NETWORKS, RAM_GB, plan, table


@pytest.mark.parametrize("lecture", LECTURES)
def test_each_lecture_fits_a_t4_and_ends_in_half_an_hour(lecture):
    one = plan(lecture)
    assert one.minutes <= LIMIT_MINUTES
    assert one.gigabytes <= CARD_GB and one.ram_gb <= RAM_GB


@pytest.mark.parametrize(("lecture", "before"), [
    (5, {"max_train": 150_000, "max_test": 50_000, "epochs": 3, "batch_size": 64}),  # took hours
    (2, {"max_texts": 200_000}),
])
def test_caps_that_took_too_long_are_found(lecture, before):
    assert plan(lecture, **before).minutes > LIMIT_MINUTES


def test_a_batch_that_ran_out_of_memory_is_found():
    assert plan(7, batch_size=32).gigabytes > CARD_GB


@pytest.mark.parametrize("encoder", ["klue/roberta-base", "klue/roberta-small",
                                     "monologg/koelectra-base-v3-discriminator"])
@pytest.mark.parametrize("lecture", [number for number in LECTURES if hasattr(LECTURES[number], "encoder")])
def test_the_other_encoders_fit_too(lecture, encoder):
    one = plan(lecture, encoder=encoder)
    assert one.gigabytes <= CARD_GB and one.minutes <= LIMIT_MINUTES


@pytest.mark.parametrize(("name", "kind", "config"), [
    ("klue/bert-base", "BertModel", {"vocab_size": 32_000}),
    ("skt/kogpt2-base-v2", "GPT2LMHeadModel", {"vocab_size": 51_200}),
    ("EleutherAI/polyglot-ko-1.3b", "GPTNeoXForCausalLM",
     {"hidden_size": 2_048, "num_hidden_layers": 24, "intermediate_size": 8_192, "vocab_size": 30_080,
      "num_attention_heads": 16, "tie_word_embeddings": False}),
])
def test_parameters_are_those_of_the_networks(name, kind, config):
    import torch
    import transformers

    network = getattr(transformers, kind)
    with torch.device("meta"):
        real = sum(weight.numel() for weight in network(network.config_class(**config)).parameters())
    assert NETWORKS[name].parameters == pytest.approx(real, rel=0.02)


def test_reading_one_token_takes_two_operations_a_parameter():
    """And attention four a layer, unit and token looked at; PyTorch counts the same on a small network."""
    import torch
    import transformers
    from torch.utils.flop_counter import FlopCounterMode

    from klue_helpers.course.gpu_estimate import Network

    sizes = Network(64, 2, 100)
    config = transformers.BertConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256,
                                     vocab_size=100, attn_implementation="eager")
    model = transformers.BertModel(config, add_pooling_layer=False).eval()
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model(torch.ones(3, 40, dtype=torch.long))
    assert counted.get_total_flops() == pytest.approx(3 * 40 * sizes.operations(40), rel=1e-6)


def test_the_table_has_a_row_a_lecture():
    rows = table()
    assert [row["lecture"] for row in rows] == [f"{number}강" for number in LECTURES]
    assert rows[0]["gigabytes"] == "쓰지 않음"


def test_settings_that_differ_from_the_shown_ones_are_told():
    assert settings_for(5).is_default and "기본 설정이 아닙니다" not in repr(settings_for(5))
    assert settings_for(5, "cpu", {"seed": 7}).is_default
    assert settings_for(1, "gpu").is_default, "lecture 1 is the same in both profiles"
    other = settings_for(6, "gpu")
    assert not other.is_default
    assert "klue/bert-base, skt/kogpt2-base-v2" in repr(other) and "klue/bert-base, skt" in other._repr_markdown_()
