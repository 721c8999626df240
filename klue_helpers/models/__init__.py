"""Pretrained models by name: those of the package and the published ones (lecture 3; used from there on)."""

from klue_helpers.models.load import HEADS, MINI_MODELS, Encoder, load_encoder, model_folder

__all__ = ["HEADS", "MINI_MODELS", "Encoder", "load_encoder", "model_folder"]
