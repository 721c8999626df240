"""The training loop of `klue pretrain`: schedule, checkpoints, log (lectures 4 and 8; taught in lecture 4)."""

import contextlib
import csv
import io
import math
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from klue_helpers import runtime
from klue_helpers.errors import KlueError
from klue_helpers.files import write_atomically
from klue_helpers.pretraining.diary import Diary
from klue_helpers.pretraining.settings import PretrainSettings

Batch = dict[str, torch.Tensor]
BETAS = (0.9, 0.98)
CHECKPOINT = "checkpoint.pt"
CLIP = 1.0  # largest norm of the gradient


class Examples(Protocol):
    """What a kind of model gives the loop: batches that depend on nothing but the seed."""

    def start_epoch(self, epoch: int) -> list[np.ndarray]: ...

    def batch(self, rows: np.ndarray, seed: int) -> Batch: ...

    def held_out_batches(self) -> Iterator[tuple[str, Batch]]: ...


@dataclass(frozen=True)
class Workers:
    """This process among those that `torchrun` started; one of one without it."""

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait until all processes have come this far."""
        if self.count > 1:
            torch.distributed.barrier()


@contextlib.contextmanager
def join_workers() -> Iterator[Workers]:
    """Find the processes of `torchrun`, if any, and the device of this one."""
    count, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    device = runtime.device()
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(device)
    if count > 1:
        torch.distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Workers(rank, count, device)
    finally:
        if count > 1:
            torch.distributed.destroy_process_group()


def learning_rate_factor(step: int, *, steps: int, warmup: float, cooldown: float = 1.0) -> float:
    """Return the share of the peak learning rate at a step: up in a line, flat, then down in a line.

    Taught in lecture 4. With a flat part a run can be lengthened: until the rate falls, nothing depends on `steps`
    but the length of the rise (Hägele et al. 2024).

    Parameters
    ----------
    step : counted from 0.
    warmup, cooldown : shares of the steps in which the rate rises and falls; 1 for `cooldown` means no flat part.

    Examples
    --------
    >>> [learning_rate_factor(step, steps=10, warmup=0.2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]
    >>> [learning_rate_factor(step, steps=10, warmup=0.2, cooldown=0.4) for step in (0, 2, 6, 8, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.25]
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    falling = max(1, min(steps - rising, round(cooldown * steps)))
    return min(1.0, (steps - step) / falling)


def new_optimizers(model: nn.Module, settings: PretrainSettings, *, layers: str) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the layers and AdamW for all other weights. Taught in lecture 4.

    Tables, vectors and heads stay with AdamW, as in Jordan et al. 2024; weight decay is for matrices and tables only.
    With ``optimizer=adamw`` AdamW has all weights.

    Parameters
    ----------
    layers : how the names of the layers' weights begin.

    Source: Jordan et al. 2024 (Muon); Liu et al. 2025 (the scale that lets both share a weight decay).
    """
    of_muon = [weight for name, weight in model.named_parameters()
               if settings.optimizer == "muon" and name.startswith(layers) and weight.ndim == 2]
    chosen = set(map(id, of_muon))
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    groups = [{"params": [weight for weight in rest if weight.ndim >= 2], "weight_decay": settings.weight_decay},
              {"params": [weight for weight in rest if weight.ndim < 2], "weight_decay": 0.0}]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(groups, lr=settings.learning_rate, betas=BETAS, fused=True)]
    if of_muon:
        optimizers.append(torch.optim.Muon(of_muon, lr=settings.matrix_rate, weight_decay=settings.weight_decay,
                                           adjust_lr_fn="match_rms_adamw"))
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        group["peak"] = group["lr"]
    return optimizers


class Trainer:
    """Trains a model step by step, so that a killed run goes on as if nothing had happened.

    Every batch, its masks and dropout follow from (seed, step, rank); the optimizer's state is in the checkpoint.
    Taught in lecture 4.
    """

    def __init__(self, loss: nn.Module, examples: Examples, settings: PretrainSettings, output: Path,
                 workers: Workers, diary: Diary | None = None) -> None:
        self.settings, self.examples, self.output, self.workers = settings, examples, output, workers
        self.model = loss.model
        loss.to(workers.device)
        on_gpu = workers.device.type == "cuda"
        native = on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
        self.bf16 = settings.precision == "bf16" or (settings.precision == "auto" and native)
        if settings.compile:
            loss.compile(dynamic=True)
        self.loss = nn.parallel.DistributedDataParallel(loss) if workers.count > 1 else loss
        self.optimizers = new_optimizers(self.model, settings, layers=loss.layers)
        self.diary = diary if settings.diary else None
        self.step, self.epoch, self.place, self.seconds, self.tokens = 0, 0, 0, 0.0, 0
        self.sums: dict[str, float] = defaultdict(float)  # of the losses since the last row of the log
        self.log = Log(output / "log.csv")

    @property
    def checkpoint(self) -> Path:
        return self.output / CHECKPOINT

    def run(self) -> None:
        """Train to the last step, from the checkpoint where there is one."""
        if self.checkpoint.exists():
            self._resume()
        self.log.start(self.step, write=self.workers.first)
        if self.step == 0:
            self._write_diary()
        began = time.perf_counter()
        for batches in self._batches():
            for name, value in self._train_on(batches).items():
                self.sums[name] += value
            now = time.perf_counter()
            self.seconds, began = self.seconds + now - began, now
            self._report()
            began = time.perf_counter() if self.step % self.settings.evaluate_every == 0 else now

    def _batches(self) -> Iterator[list[np.ndarray]]:
        """Yield this process's batches of a step from where training stands, epoch after epoch, to the last step."""
        count, rank = self.workers.count, self.workers.rank
        while self.step < self.settings.steps:
            plan = self.examples.start_epoch(self.epoch)
            size = min(2 ** self.epoch, self.settings.accumulate)  # small steps while the loss still falls fast
            steps = len(plan) // (count * size)
            if not steps:
                raise KlueError(f"말뭉치가 너무 작습니다: 한 에포크의 배치 {len(plan)}개를 프로세스 {count}개가 "
                                f"{size}개씩 나눌 수 없습니다. 글을 늘리거나 batch_tokens나 accumulate를 줄이세요.")
            while self.place < steps and self.step < self.settings.steps:
                first = self.place * size * count
                yield plan[first + rank:first + size * count:count]
            self.epoch, self.place = self.epoch + 1, 0

    def _train_on(self, batches: list[np.ndarray]) -> dict[str, float]:
        """Change the weights once by the mean gradient of some batches; return their mean losses."""
        self._set_rates()
        self.loss.train()
        sums: dict[str, torch.Tensor] = {}
        for number, rows in enumerate(batches):
            for name, value in self._gradients_of(rows, self._seed(number, len(batches)), len(batches)).items():
                sums[name] = sums.get(name, 0.0) + value / len(batches)
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step, self.place = self.step + 1, self.place + 1
        means = dict(zip(sums, torch.stack(list(sums.values())).tolist(), strict=True))  # one wait for the device
        if not math.isfinite(means["loss"]):
            raise KlueError(f"{self.step:,}단계에서 손실이 {means['loss']}이 되었습니다. learning_rate와 matrix_rate를 "
                            "낮추고 다른 --output으로 다시 시작하세요.")
        return means

    def _gradients_of(self, rows: np.ndarray, seed: int, count: int) -> dict[str, torch.Tensor]:
        """Add the gradients of one of `count` batches to the weights'; return its losses."""
        torch.manual_seed(seed)  # for dropout
        batch = self.examples.batch(rows, seed)
        with torch.autocast(self.workers.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            values = self.loss(_moved(batch, self.workers.device))
        (values["loss"] / count).backward()
        self.tokens += int(batch["attention_mask"].sum()) * self.workers.count
        return {name: value.detach() for name, value in values.items()}

    def _set_rates(self) -> None:
        settings = self.settings
        factor = learning_rate_factor(self.step, steps=settings.steps, warmup=settings.warmup,
                                      cooldown=settings.cooldown)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * factor

    def _seed(self, number: int, count: int) -> int:
        """Return a seed of its own for each batch of each step in each process."""
        place = (self.step * count + number) * self.workers.count + self.workers.rank
        return int(np.random.SeedSequence((self.settings.seed, place)).generate_state(1)[0])

    def _write_diary(self) -> None:
        if self.diary and self.workers.first:
            self.model.eval()
            self.diary.write(self.step, self.tokens)

    def _report(self) -> None:
        settings, last = self.settings, self.step == self.settings.steps
        if self.workers.first and (self.step % settings.log_every == 0 or last):
            steps = (self.step - 1) % settings.log_every + 1
            self.log.write(self._row("train", {name: value / steps for name, value in self.sums.items()}))
            self._say(self.sums["loss"] / steps)
        if self.step % settings.log_every == 0:
            self.sums.clear()
        if self.workers.first and (self.step % settings.evaluate_every == 0 or last):
            for register, values in self.evaluate().items():
                self.log.write(self._row(register, values))
        self._write_diary()
        if self.workers.first and (self.step % settings.save_every == 0 or last):
            self._save()

    @torch.no_grad()
    def evaluate(self) -> dict[str, dict[str, float]]:
        """Return the held-out losses by register, averaged over batches weighted by their tokens."""
        self.model.eval()
        sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        weights: dict[str, int] = defaultdict(int)
        loss = self.loss.module if self.workers.count > 1 else self.loss
        for register, batch in self.examples.held_out_batches():
            with torch.autocast(self.workers.device.type, dtype=torch.bfloat16, enabled=self.bf16):
                values = loss(_moved(batch, self.workers.device))
            tokens = int(batch["attention_mask"].sum())
            weights[register] += tokens
            for name, value in values.items():
                sums[register][name] += value.item() * tokens
        return {register: {name: value / weights[register] for name, value in values.items()}
                for register, values in sums.items()}

    def _row(self, split: str, values: dict[str, float]) -> dict[str, Any]:
        lr = self.optimizers[0].param_groups[0]["lr"]
        return {"step": self.step, "epoch": self.epoch, "tokens": self.tokens, "seconds": round(self.seconds, 1),
                "learning_rate": f"{lr:.3e}", "split": split,
                **{name: round(value, 4) for name, value in values.items()}}

    def _say(self, loss: float) -> None:
        left = (self.settings.steps - self.step) * self.seconds / self.step
        print(f"{self.step:,}/{self.settings.steps:,}단계  손실 {loss:.3f}  "
              f"{self.tokens / max(self.seconds, 1e-9):,.0f}토큰/초  남은 시간 약 {left / 60:,.0f}분", flush=True)

    def _save(self) -> None:
        """Write the checkpoint whole: a kill leaves the old one or the new one."""
        state = {"model": self.model.state_dict(), "optimizers": [one.state_dict() for one in self.optimizers],
                 "step": self.step, "epoch": self.epoch, "place": self.place, "seconds": self.seconds,
                 "tokens": self.tokens, "sums": dict(self.sums)}
        content = io.BytesIO()  # torch has errors of its own for a full disk; so the file is ours to write
        torch.save(state, content)
        write_atomically(self.checkpoint, content.getvalue())

    def _resume(self) -> None:
        state = read_checkpoint(self.checkpoint, self.workers.device)
        self._require_same_rate(state)
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        for name in ("step", "epoch", "place", "seconds", "tokens"):
            setattr(self, name, state[name])
        self.sums.update(state["sums"])

    def _require_same_rate(self, state: dict[str, Any]) -> None:
        """Refuse steps or a cool-down that would have given the last step another rate: such a run is another one."""
        group, settings = state["optimizers"][0]["param_groups"][0], self.settings
        factor = learning_rate_factor(state["step"] - 1, steps=settings.steps, warmup=settings.warmup,
                                      cooldown=settings.cooldown)
        if not math.isclose(group["lr"], group["peak"] * factor):
            raise KlueError(f"{self.output}의 학습은 학습률이 평평한 구간에 있지 않아 steps나 cooldown을 바꾸어 이을 "
                            "수 없습니다. 처음의 값으로 두거나, 끝난 모델을 start로 주고 다른 --output에서 시작하세요.")


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Return what `Trainer` saved.

    Raises
    ------
    KlueError : a damaged file, or one of another version.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        missing = {"model", "optimizers", "step", "epoch", "place", "seconds", "tokens", "sums"} - set(state)
    except Exception as error:  # a damaged pickle raises whatever its bytes lead to
        raise KlueError(f"체크포인트 {path}를 읽지 못했습니다. 파일이 망가졌습니다. 지우고 처음부터 다시 "
                        "학습하거나 다른 --output을 쓰세요.") from error
    if missing:
        raise KlueError(f"체크포인트 {path}는 다른 판의 것입니다({', '.join(sorted(missing))}이(가) 없습니다). 지우고 "
                        "처음부터 다시 학습하거나 다른 --output을 쓰세요.")
    return state


class Log:
    """The rows of ``log.csv``: means over training steps (split ``train``) and held-out losses (split = register)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

    def start(self, step: int, *, write: bool) -> None:
        """Drop what a killed run logged after its last checkpoint, and the broken rows of a damaged file."""
        if not self.path.exists():
            return
        text = self.path.read_text(encoding="utf-8", errors="replace")
        rows = [row for row in csv.DictReader(io.StringIO(text.replace("\0", ""), newline=""))
                if None not in row and None not in row.values() and row.get("step", "").isdecimal()]
        rows = [row for row in rows if int(row["step"]) <= step]
        self.columns = list(rows[0]) if rows else []
        if write:
            write_atomically(self.path, self._lines(rows, header=bool(rows)))

    def write(self, row: dict[str, Any]) -> None:
        """Append a row; the first one decides the columns."""
        fresh = not self.columns
        self.columns = self.columns or list(row)
        with self.path.open("w" if fresh else "a", encoding="utf-8", newline="") as file:
            file.write(self._lines([row], header=fresh))

    def _lines(self, rows: list[dict[str, Any]], *, header: bool) -> str:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()


def _moved(batch: Batch, device: torch.device) -> Batch:
    return {name: value.to(device) for name, value in batch.items()}
