"""The training loop of `klue pretrain`: schedule, checkpoints, log (lectures 4 and 8; taught in lecture 4)."""

import contextlib
import csv
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

from klue_helpers.errors import KlueError
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
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if on_gpu else torch.device("cpu")
    if on_gpu:
        torch.cuda.set_device(device)
    if count > 1:
        torch.distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Workers(rank, count, device)
    finally:
        if count > 1:
            torch.distributed.destroy_process_group()


def learning_rate_factor(step: int, *, steps: int, warmup: float) -> float:
    """Return the share of the peak learning rate at a step: up in a line, then down in a line. Taught in lecture 4.

    Examples
    --------
    >>> [learning_rate_factor(step, steps=10, warmup=0.2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.125]
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return (steps - step) / max(1, steps - rising)


def new_optimizer(model: nn.Module, settings: PretrainSettings) -> torch.optim.AdamW:
    """Return AdamW with weight decay on matrices only, not on biases and normalisation. Taught in lecture 4."""
    matrices = [weight for weight in model.parameters() if weight.ndim >= 2]
    others = [weight for weight in model.parameters() if weight.ndim < 2]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=BETAS, fused=True)


class Trainer:
    """Trains a model step by step, so that a killed run goes on as if nothing had happened.

    Every batch, its masks and dropout follow from (seed, step, rank); the optimizer's state is in the checkpoint.
    Taught in lecture 4.
    """

    def __init__(self, loss: nn.Module, examples: Examples, settings: PretrainSettings, output: Path,
                 workers: Workers) -> None:
        self.settings, self.examples, self.output, self.workers = settings, examples, output, workers
        self.model = loss.model
        loss.to(workers.device)
        on_gpu = workers.device.type == "cuda"
        native = on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
        self.bf16 = settings.precision == "bf16" or (settings.precision == "auto" and native)
        if on_gpu:
            loss.compile(dynamic=True)
        self.loss = nn.parallel.DistributedDataParallel(loss) if workers.count > 1 else loss
        self.optimizer = new_optimizer(self.model, settings)
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
        began = time.perf_counter()
        for rows in self._batches():
            for name, value in self._train_on(rows).items():
                self.sums[name] += value
            now = time.perf_counter()
            self.seconds, began = self.seconds + now - began, now
            self._report()
            began = time.perf_counter() if self.step % self.settings.evaluate_every == 0 else now

    def _batches(self) -> Iterator[np.ndarray]:
        """Yield this process's batches from where training stands, epoch after epoch, to the last step."""
        while self.step < self.settings.steps:
            plan = self.examples.start_epoch(self.epoch)
            steps = len(plan) // self.workers.count
            if not steps:
                raise KlueError(f"말뭉치가 너무 작습니다: 한 에포크의 배치 {len(plan)}개를 프로세스 "
                                f"{self.workers.count}개가 나눌 수 없습니다. 글을 늘리거나 batch_tokens를 줄이세요.")
            while self.place < steps and self.step < self.settings.steps:
                yield plan[self.place * self.workers.count + self.workers.rank]
            self.epoch, self.place = self.epoch + 1, 0

    def _train_on(self, rows: np.ndarray) -> dict[str, float]:
        factor = learning_rate_factor(self.step, steps=self.settings.steps, warmup=self.settings.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * factor
        seed = ((self.settings.seed * 1_000_003 + self.step) * self.workers.count + self.workers.rank) % 2**63
        torch.manual_seed(seed)  # for dropout
        batch = self.examples.batch(rows, seed)
        self.loss.train()
        with torch.autocast(self.workers.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            values = self.loss(_moved(batch, self.workers.device))
        values["loss"].backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step, self.place = self.step + 1, self.place + 1
        self.tokens += int(batch["attention_mask"].sum()) * self.workers.count
        if not math.isfinite(loss := values["loss"].item()):
            raise KlueError(f"{self.step:,}단계에서 손실이 {loss}이 되었습니다. learning_rate를 낮추고 다른 "
                            "--output으로 다시 시작하세요.")
        return {name: value.item() for name, value in values.items()}

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
        lr = self.optimizer.param_groups[0]["lr"]
        return {"step": self.step, "epoch": self.epoch, "tokens": self.tokens, "seconds": round(self.seconds, 1),
                "learning_rate": f"{lr:.3e}", "split": split,
                **{name: round(value, 4) for name, value in values.items()}}

    def _say(self, loss: float) -> None:
        left = (self.settings.steps - self.step) * self.seconds / self.step
        print(f"{self.step:,}/{self.settings.steps:,}단계  손실 {loss:.3f}  "
              f"{self.tokens / max(self.seconds, 1e-9):,.0f}토큰/초  남은 시간 약 {left / 60:,.0f}분", flush=True)

    def _save(self) -> None:
        """Write the checkpoint beside the old one, then put it in its place: a kill leaves one or the other."""
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step,
                 "epoch": self.epoch, "place": self.place, "seconds": self.seconds, "tokens": self.tokens,
                 "sums": dict(self.sums)}
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.workers.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name in ("step", "epoch", "place", "seconds", "tokens"):
            setattr(self, name, state[name])
        self.sums.update(state["sums"])


class Log:
    """The rows of ``log.csv``: means over training steps (split ``train``) and held-out losses (split = register)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

    def start(self, step: int, *, write: bool) -> None:
        """Drop what a killed run logged after its last checkpoint."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if None not in row.values() and int(row["step"]) <= step]
        self.columns = list(rows[0]) if rows else []
        if write:
            part = self.path.with_suffix(".part")
            self._write(part, rows, "w")
            part.replace(self.path)

    def write(self, row: dict[str, Any]) -> None:
        """Append a row; the first one decides the columns."""
        fresh = not self.columns
        self.columns = self.columns or list(row)
        self._write(self.path, [row], "w" if fresh else "a", header=fresh)

    def _write(self, path: Path, rows: list[dict[str, Any]], mode: str, *, header: bool = True) -> None:
        with path.open(mode, encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            if header and self.columns:
                writer.writeheader()
            writer.writerows(rows)


def _moved(batch: Batch, device: torch.device) -> Batch:
    return {name: value.to(device) for name, value in batch.items()}
