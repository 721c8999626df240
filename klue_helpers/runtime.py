"""The device that networks run on, and the seeds, silence and fonts that `configure` sets up (taught nowhere)."""

import ctypes
import os
import random
import sys
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

from klue_helpers.errors import KlueError

if TYPE_CHECKING:
    import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # names of the settings in glibc's malloc.h
_KEPT_BYTES = 2**30  # larger than any tensor of a mini model's step


def device() -> "torch.device":
    """Return the device that networks run on: a CUDA card where there is one, else Apple's MPS, else the CPU.

    Under `torchrun` each process has the card of its own number. The variable ``KLUE_DEVICE`` (``cpu``, ``mps``,
    ``cuda``, ``cuda:1``) overrides the choice. Whoever places a network or makes a tensor for one asks here.

    Raises
    ------
    KlueError : KLUE_DEVICE names no device, or one that this machine does not have.
    """
    import torch

    if asked := os.environ.get("KLUE_DEVICE", ""):
        return _asked_device(asked)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _asked_device(asked: str) -> "torch.device":
    import torch

    try:
        chosen = torch.device(asked)
    except RuntimeError as error:
        raise KlueError(f"KLUE_DEVICE={asked}은(는) 장치의 이름이 아닙니다. cpu, mps, cuda, cuda:0 가운데 하나로 "
                        "두거나 지우세요.") from error
    counts = {"cpu": 1, "mps": int(torch.backends.mps.is_available()), "cuda": torch.cuda.device_count()}
    if (chosen.index or 0) >= counts.get(chosen.type, 0):
        raise KlueError(f"KLUE_DEVICE={asked}이라고 했지만 이 컴퓨터에는 그런 장치가 없습니다. 있는 장치를 쓰려면 "
                        "KLUE_DEVICE를 지우세요.")
    return chosen


def half_type() -> "torch.dtype":
    """Return the 16-bit type in which large models are loaded: bfloat16, or float16 on cards that only emulate that.

    CUDA cards compute with bfloat16 from compute capability 8.0 (Ampere) on; a T4 has 7.5. Used in lecture 9.
    """
    import torch

    chosen = device()
    old_card = chosen.type == "cuda" and torch.cuda.get_device_capability(chosen) < (8, 0)
    return torch.float16 if old_card else torch.bfloat16


def seed_everything(seed: int, *, with_torch: bool = True) -> None:
    """Seed the generators of Python, NumPy and, unless the lecture does without it, torch."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    if with_torch:
        import torch

        torch.manual_seed(seed)


def silence() -> None:
    """Turn off progress bars and chatter on stderr, which nbval would compare (see "Traps" in the design)."""
    os.environ.update(
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        HF_DATASETS_DISABLE_PROGRESS_BARS="1",
        TOKENIZERS_PARALLELISM="false",
        TRANSFORMERS_VERBOSITY="error",
    )
    warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm's, where there are no widgets
    if "huggingface_hub" in sys.modules:  # it has read the variables above
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()
    if "datasets" in sys.modules:
        import datasets

        datasets.disable_progress_bars()
    if "transformers" in sys.modules:
        from transformers.utils import logging

        logging.disable_progress_bar()
        logging.set_verbosity_error()


def use_korean_font() -> None:
    """Make matplotlib draw Hangul with the NanumGothic font that koreanize-matplotlib brings.

    Only its font file is used: the package itself imports distutils, which Python 3.12 no longer has.
    """
    import matplotlib as mpl
    from matplotlib import font_manager

    package = find_spec("koreanize_matplotlib")
    for folder in package.submodule_search_locations or ():
        for path in font_manager.findSystemFonts([f"{folder}/fonts"]):
            font_manager.fontManager.addfont(path)
    mpl.rcParams.update({"font.family": "NanumGothic", "axes.unicode_minus": False, "figure.dpi": 110,
                         "savefig.facecolor": "white", "axes.grid": True, "grid.alpha": 0.3})


def keep_freed_memory() -> None:
    """Let glibc keep the memory of freed tensors for the next ones instead of handing it back to the system.

    A training step asks for the same blocks again and again; fetched anew from the system each time, they cost a
    fifth of the step on a CPU (measured: 6,800 against 5,600 tokens a second for the mini BERT). Elsewhere than on
    Linux with glibc nothing happens.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # missing in musl, the C library of Alpine
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
