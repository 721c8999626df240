"""Reads the code cells of a lecture and finds tensors and networks that never meet, without running anything.

What a cell makes lies *here* (on the CPU) or *there* (on the device); of most values nothing is known. Functions of a
notebook are read at every call, with what is known of their arguments. A finding is an operation that mixes both, a
pipeline that chooses its device itself, or NumPy or a picture of what lies there.
"""

import ast
import re
from dataclasses import dataclass, field

HERE, THERE = "here", "there"
MAKERS = {"tensor", "zeros", "ones", "full", "arange", "rand", "randn", "randint", "randperm", "eye", "empty",
          "linspace", "from_numpy", "as_tensor"}
LOADERS = {"load_encoder", "load_causal_lm", "load_painter", "new_model"}
PLAIN = {"tolist", "item", "size", "dim", "numel", "config", "device", "dtype", "shape", "ndim", "tokenizer",
         "parameters", "named_parameters", "state_dict", "char_to_token", "tokens", "word_ids", "modules"}
CROSSING = {"copy_", "load_state_dict", "append", "setdefault", "update"}  # these may meet tensors of both
LISTS = {"zip", "map", "list", "tuple", "sorted", "enumerate", "dict", "reversed", "max", "min", "sum"}
PICTURES = {"imshow", "plot", "scatter", "bar", "numpy"}
DEPTH = 6  # calls inside calls that are followed


@dataclass
class Reader:
    """Follows the cells of one lecture in order."""

    known: dict[str, object] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    torch_names: set[str] = field(default_factory=lambda: {"torch"})  # what stands for torch or a part of it
    findings: list[str] = field(default_factory=list)
    depth: int = 0

    def say(self, node: ast.AST, what: str) -> None:
        line = f"{what}: {ast.unparse(node)[:90]}"
        if line not in self.findings:
            self.findings.append(line)

    def read(self, body: list[ast.stmt]) -> object:
        """Follow statements; return what is known of what a function returns."""
        result = None
        for node in body:
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name] = node
                self.known.pop(node.name, None)
            elif isinstance(node, ast.ClassDef):
                self.classes |= {node.name} if any("Module" in ast.unparse(base) for base in node.bases) else set()
            elif isinstance(node, ast.Import | ast.ImportFrom):
                inside = [getattr(node, "module", None) or "", *(one.name for one in node.names)]
                if any(name.split(".")[0] == "torch" for name in inside):
                    self.torch_names |= {(one.asname or one.name).split(".")[0] for one in node.names}
            elif isinstance(node, ast.Return):
                result = result or (self.value(node.value) if node.value else None)
            elif isinstance(node, ast.Assign):
                value = self.value(node.value)
                for target in node.targets:
                    self.bind(target, value)
            elif isinstance(node, ast.For):
                self.bind(node.target, self.item(node.iter))
                result = self.read([*node.body, *node.orelse]) or result
            elif isinstance(node, ast.With | ast.If | ast.While | ast.Try):
                for inner in (getattr(node, "test", None), *(item.context_expr for item in getattr(node, "items", ()))):
                    if inner is not None:
                        self.value(inner)
                result = self.read([*node.body, *getattr(node, "orelse", ())]) or result
            else:
                for inner in ast.iter_child_nodes(node):
                    if isinstance(inner, ast.expr):
                        self.value(inner)
        return result

    def bind(self, target: ast.expr, value: object) -> None:
        if isinstance(target, ast.Name):
            self.known[target.id] = value
            self.functions.pop(target.id, None)
        elif isinstance(target, ast.Tuple | ast.List):
            values = value if isinstance(value, tuple) else [part(value)] * len(target.elts)
            for inner, one in zip(target.elts, values, strict=False):
                self.bind(inner, one)

    def value(self, node: ast.expr | None) -> object:
        """Return HERE, THERE, a tuple of these, or None."""
        read = getattr(self, f"read_{type(node).__name__.lower()}", None)
        if read is not None:
            return read(node)
        for inner in ast.iter_child_nodes(node) if node is not None else ():
            if isinstance(inner, ast.expr):
                self.value(inner)
        return None

    def item(self, node: ast.expr) -> object:
        """Return what is known of each of several values; column by column where rows are written out."""
        rows = [one.elts for one in getattr(node, "elts", ()) if isinstance(one, ast.Tuple)]
        if rows and len(rows) == len(node.elts):
            return tuple(together(list(map(self.value, column))) for column in zip(*rows, strict=False))
        return part(self.value(node))

    def read_name(self, node: ast.Name) -> object:
        return self.known.get(node.id)

    def read_tuple(self, node: ast.Tuple) -> object:
        return tuple(self.value(one) for one in node.elts)

    def read_list(self, node: ast.List) -> object:
        return together([self.value(one) for one in node.elts])

    def read_starred(self, node: ast.Starred) -> object:
        return part(self.value(node.value))

    def read_dict(self, node: ast.Dict) -> object:
        return together([self.value(one) for one in node.values])

    def read_listcomp(self, node: ast.ListComp) -> object:
        for one in node.generators:
            self.bind(one.target, self.item(one.iter))
        return self.value(node.elt)

    read_generatorexp = read_listcomp

    def read_dictcomp(self, node: ast.DictComp) -> object:
        for one in node.generators:
            self.bind(one.target, self.item(one.iter))
        return self.value(node.value)

    def read_attribute(self, node: ast.Attribute) -> object:
        value = self.value(node.value)
        return None if node.attr in PLAIN else part(value)

    def read_subscript(self, node: ast.Subscript) -> object:
        value, index = self.value(node.value), self.value(node.slice)
        if value == HERE and index == THERE:
            self.say(node, "an index on the device for a tensor on the CPU")
        return part(value)

    def read_binop(self, node: ast.BinOp) -> object:
        return self.mixed(node, [self.value(node.left), self.value(node.right)])

    def read_compare(self, node: ast.Compare) -> object:
        return self.mixed(node, [self.value(node.left), *map(self.value, node.comparators)])

    def read_ifexp(self, node: ast.IfExp) -> object:
        self.value(node.test)
        return self.value(node.body) or self.value(node.orelse)

    def read_unaryop(self, node: ast.UnaryOp) -> object:
        return self.value(node.operand)

    def mixed(self, node: ast.AST, values: list[object]) -> object:
        flat = {one for value in values for one in (value if isinstance(value, tuple) else (value,))}
        if {HERE, THERE} <= flat:
            self.say(node, "tensors of the CPU and of the device")
        return THERE if THERE in flat else HERE if HERE in flat else None

    def read_call(self, node: ast.Call) -> object:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        options = {one.arg: one.value for one in node.keywords}
        if name == "pipeline" and "device" not in options:
            self.say(node, "a pipeline chooses its device itself")
        if name in LOADERS:
            return self.loaded(options)
        if "return_tensors" in options:
            return HERE
        if name in ("to", "cuda", "cpu") and owner is not None:
            return self.moved(node, name, self.value(owner))
        values = self.arguments(node) + [self.value(one) for one in options.values()]
        root = ast.unparse(owner).split(".")[0] if owner is not None else ""
        if (root in ("np", "plt") or name in PICTURES) and THERE in (*flat(values), self.owned(owner, name)):
            self.say(node, "NumPy or a picture of what lies on the device")
        if name in PLAIN | PICTURES | CROSSING or name == "pipeline":
            return None
        return self.called(node, name, owner, values, options)

    def arguments(self, node: ast.Call) -> list[object]:
        """Return what is known of the positional arguments, those behind a star one by one."""
        values: list[object] = []
        for one in node.args:
            value = self.value(one.value if isinstance(one, ast.Starred) else one)
            values += value if isinstance(one, ast.Starred) and isinstance(value, tuple) else [value]
        return values

    def owned(self, owner: ast.expr | None, name: str) -> object:
        return self.value(owner) if name == "numpy" else None

    def loaded(self, options: dict[str, ast.expr]) -> object:
        device = options.get("device")
        where = HERE if isinstance(device, ast.Constant) and device.value == "cpu" else THERE
        return None, where

    def moved(self, node: ast.Call, name: str, value: object) -> object:
        where = ast.unparse(node.args[0]) if node.args else ast.unparse(node.keywords[0].value) if node.keywords else ""
        if name == "cpu" or where in ("'cpu'", '"cpu"'):
            return HERE
        if "device" not in where and ("dtype" in where or where.startswith("torch.")):
            return value
        return THERE

    def called(self, node: ast.Call, name: str, owner: ast.expr | None, values: list[object],
               options: dict[str, ast.expr]) -> object:
        if owner is None and name in self.functions:
            return self.followed(self.functions[name], node, values)
        root = ast.unparse(owner).split(".")[0] if owner is not None else name
        if root in self.torch_names and name in MAKERS:
            return self.made(node, options)
        layer = root in self.torch_names and name[:1].isupper() and "nn" in ast.unparse(node.func).split(".")
        if name in self.classes or (layer and THERE not in flat(values)):
            return HERE  # a new network
        own = self.known.get(name) if owner is None else self.value(owner)
        if owner is None and name in LISTS:
            return together(values)
        return self.mixed(node, [own, *values]) if part(own) or root in self.torch_names else None

    def made(self, node: ast.Call, options: dict[str, ast.expr]) -> object:
        device, first = options.get("device"), node.args[0] if node.args else None
        if isinstance(first, ast.Constant) or (isinstance(first, ast.Tuple) and not first.elts):
            return None  # a number may meet tensors of the device
        return HERE if device is None or ast.unparse(device) in ("'cpu'", "None") else THERE

    def followed(self, function: ast.FunctionDef, node: ast.Call, values: list[object]) -> object:
        """Read a notebook's function with what is known of its arguments."""
        if self.depth == DEPTH:
            return None
        before, self.depth = dict(self.known), self.depth + 1
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        given = dict(zip(names, values, strict=False))
        given |= {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        self.known |= {name: given.get(name) for name in names}
        result = self.read(function.body)
        self.known, self.depth = before, self.depth - 1
        return result


def part(value: object) -> object:
    """Return what is known of a part of a value."""
    return (THERE if THERE in value else HERE if HERE in value else None) if isinstance(value, tuple) else value


def together(values: list[object]) -> object:
    """Return what is known of several values together."""
    return part(tuple(flat(values)))


def flat(values: list[object]) -> list[object]:
    return [one for value in values for one in (value if isinstance(value, tuple) else (value,))]


def find_mixtures(cells: list[str]) -> list[str]:
    """Return what is wrong in a lecture's code cells, in order, each with the number of its cell among them."""
    reader, found = Reader(), []
    for number, cell in enumerate(cells):
        before = len(reader.findings)
        source = re.sub(r"^( *)%.*$", r"\1pass", cell, flags=re.MULTILINE)  # a magic is no Python
        reader.read(ast.parse(source).body)
        found += [f"{number}: {one}" for one in reader.findings[before:]]
    return found
