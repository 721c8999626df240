"""One object a task: columns, labels, encoding, head, decoding, metrics (lectures 5, 6, 7 and 9)."""

from klue_helpers.tasks.base import Feature, Recipe, Task, collate
from klue_helpers.tasks.registry import TASKS, load_task, with_options

__all__ = ["TASKS", "Feature", "Recipe", "Task", "collate", "load_task", "with_options"]
