"""The processes that `torchrun` started: which one this is, and meeting the others (lecture 5)."""

import os
from typing import Any

import accelerate
import torch


def process() -> tuple[int, int]:
    """Return this process's number and how many `torchrun` started; (0, 1) without it."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def joined() -> tuple[int, int]:
    """Return the same for processes that can send each other what they found; (0, 1) before `join`."""
    return process() if torch.distributed.is_initialized() else (0, 1)


def join() -> None:
    """Join the processes of `torchrun`; without it do nothing."""
    if process()[1] > 1:
        accelerate.PartialState(cpu=not torch.cuda.is_available())


def from_first(value: Any) -> Any:
    """Return what the first process has; the values of the others do not count."""
    shared = [value]
    if joined()[1] > 1:
        torch.distributed.broadcast_object_list(shared, src=0)
    return shared[0]


def wait() -> None:
    """Wait until all processes have come this far."""
    if joined()[1] > 1:
        torch.distributed.barrier()


def leave() -> None:
    """Part from the other processes."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
