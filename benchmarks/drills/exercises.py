"""Attack every exercise's check with its solution, one thing changed.

``python benchmarks/drills/exercises.py`` prints the changed solutions that are praised. Each is to be looked at: is it
the same function in other words, or a hole in the cases? ``… 6 7`` tries two lectures only. About a minute on one core.
`tests/test_exercises_hostile.py` holds the other attack, answers that are no answers.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import io
import pkgutil
import warnings
from collections.abc import Iterator

import klue_helpers.exercises as package
from klue_helpers.exercises import limit
from klue_helpers.exercises.frame import Exercise

limit.CPU_SECONDS = 0.5  # a changed loop often has no end

OPERATORS = {  # what a learner confuses an operator with
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.Add), ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,), ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,), ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,), ast.MatMult: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.And: (ast.Or,), ast.Or: (ast.And,),
}


def changes_of(node: ast.AST) -> Iterator[ast.AST]:
    """Give what may stand in a node's place."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from (ast.Constant(node.value + step) for step in (1, -1))
    elif isinstance(node, ast.BinOp | ast.BoolOp):
        yield from (_with(node, op=other()) for other in OPERATORS.get(type(node.op), ()))
    elif isinstance(node, ast.Compare):
        yield from (_with(node, ops=[other(), *node.ops[1:]]) for other in OPERATORS.get(type(node.ops[0]), ()))
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.If | ast.comprehension):
        yield from _without_condition(node)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield node.value
    elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        yield node.args[0]


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _without_condition(node: ast.If | ast.comprehension) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
    elif node.ifs:
        yield _with(node, ifs=[])


def mutants(source: str) -> Iterator[str]:
    """Give a solution with one node changed, once for every change."""
    for number in range(len(list(_children(ast.parse(source))))):
        tree = ast.parse(source)
        parent, field, at = list(_children(tree))[number]
        holder = getattr(parent, field)
        original = holder if at is None else holder[at]
        for changed in changes_of(original):
            if at is None:
                setattr(parent, field, changed)
            else:
                holder[at] = changed
            yield ast.unparse(ast.fix_missing_locations(tree))


def _children(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield parent, field, None
            elif isinstance(value, list):
                yield from ((parent, field, at) for at, item in enumerate(value) if isinstance(item, ast.AST))


def feedback_on(exercise: Exercise, source: str) -> str:
    """Return what the check says to a cell's code; an error that the cell itself gives is no praise."""
    namespace: dict[str, object] = {}
    try:
        exec(compile(source, "<cell>", "exec"), namespace)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return exercise.feedback(namespace[exercise.answer])


def survivors(exercise: Exercise) -> tuple[list[str], int]:
    """Return the changed solutions that are praised and how many were tried."""
    tried = sorted(set(mutants(exercise.source)) - {ast.unparse(ast.parse(exercise.source))})
    return [source for source in tried if "맞았습니다" in feedback_on(exercise, source)], len(tried)


def main() -> None:
    """Print the survivors of every exercise, or of the lectures that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lectures", nargs="*", type=int, help="numbers of lectures; all of them if none is given")
    chosen = parser.parse_args().lectures
    passed = total = 0
    for found in pkgutil.iter_modules(package.__path__):
        if not found.name.startswith("lecture") or (chosen and int(found.name[-2:]) not in chosen):
            continue
        for exercise in importlib.import_module(f"{package.__name__}.{found.name}").EXERCISES:
            alive, tried = survivors(exercise)
            passed, total = passed + len(alive), total + tried
            for source in alive:
                print(f"\n---- {found.name} {exercise.name}: praised\n{source}", flush=True)
    print(f"\n{passed} of {total} changed solutions are praised.")


if __name__ == "__main__":
    main()
