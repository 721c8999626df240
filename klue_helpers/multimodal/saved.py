"""The painter that ships with the package: saving and loading (taught in lecture 10)."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from klue_helpers import runtime
from klue_helpers.errors import KlueError
from klue_helpers.multimodal.codes import PictureCodes
from klue_helpers.multimodal.painter import Painter

if TYPE_CHECKING:
    import torch

SHIPPED = "klue-mini-painter"


class TrainedPainter(NamedTuple):
    """A VQ-VAE and the painter that writes its codes."""

    codes: PictureCodes
    painter: Painter


def new_painter(sizes: dict[str, dict[str, int]]) -> TrainedPainter:
    """Return both networks with random weights; `sizes` holds the arguments of each under its name."""
    codes = PictureCodes(**sizes["codes"])
    return TrainedPainter(codes, Painter(codes, **sizes["painter"]))


def save_painter(trained: TrainedPainter, folder: Path, sizes: dict[str, dict[str, int]]) -> None:
    """Write ``model.safetensors`` in half precision and ``config.json`` with the sizes."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {f"{part}.{name}": tensor.half().contiguous() for part, network in trained._asdict().items()
               for name, tensor in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(sizes, indent=2) + "\n", encoding="utf-8")


def load_painter(folder: str | Path = SHIPPED, *, device: "torch.device | str | None" = None) -> TrainedPainter:
    """Return the trained VQ-VAE and painter in single precision. Taught in lecture 10.

    Parameters
    ----------
    folder : ``"klue-mini-painter"``, which ships with the package, or a folder that `save_painter` wrote.
    device : where they are to lie; that of `runtime.device` if None.

    Raises
    ------
    KlueError : no such model, or files that do not belong together.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    place = Path(str(files("klue_helpers").joinpath("models", SHIPPED))) if folder == SHIPPED else Path(folder)
    device = device or runtime.device()
    try:
        trained = new_painter(json.loads((place / "config.json").read_text(encoding="utf-8")))
        weights = load_file(place / "model.safetensors")
        for part, network in trained._asdict().items():
            own = {name.removeprefix(f"{part}."): tensor.float() for name, tensor in weights.items()
                   if name.startswith(f"{part}.")}
            network.load_state_dict(own)
            network.to(device).eval()
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise KlueError(f"그림 모델을 {place.name!r}에서 읽지 못했습니다({type(error).__name__}). "
                        "이름을 비워 패키지에 든 모델을 쓰거나 save_painter로 다시 저장하세요.") from error
    return trained
