"""Pretrained models by name: those of the package and the published ones (lectures 3 and 8; used from there on)."""

from klue_helpers.models.causal import CausalLM, load_causal_lm
from klue_helpers.models.load import HEADS, MINI_MODELS, Encoder, load_encoder, model_folder

__all__ = ["HEADS", "MINI_MODELS", "CausalLM", "Encoder", "load_causal_lm", "load_encoder", "model_folder"]
