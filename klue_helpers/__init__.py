"""Helpers of the course "KLUE로 배우는 한국어 자연어 처리"; each module says which lecture teaches it.

Names are loaded on first use, so that ``import klue_helpers`` brings in neither torch nor a JVM nor the network.
"""

from importlib import import_module

# Bound here and not lazily: importing the submodule later would put the module in the function's place.
from klue_helpers.configure import configure
from klue_helpers.errors import KlueError

__version__ = "0.1.0"

_MODULES = ("analyzers", "attention", "chatbot", "data", "embeddings", "exercises", "generation", "metrics", "models",
            "multimodal", "noising", "plots", "pretraining", "prompting", "runtime", "steering", "tasks", "text",
            "tokenizers", "training")
_FUNCTIONS = {"load_data": "data", "audit_splits": "data", "load_task": "tasks", "finetune": "training",
              "load_finetuned": "training"}

__all__ = ["KlueError", "__version__", "configure", *_FUNCTIONS, *_MODULES]


def __getattr__(name: str) -> object:
    if name in _FUNCTIONS:
        value = getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
