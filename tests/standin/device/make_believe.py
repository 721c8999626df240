"""A make-believe CUDA device: tensors stay in the CPU's memory, but those that a program moved to "cuda" are marked.

An operation that meets a marked and an unmarked tensor fails as on a GPU, by PyTorch's own rules: numbers (tensors of
no dimension) of the CPU may meet CUDA tensors; indices on the CPU may index them; `copy_` and `to` go across; `numpy`
of a CUDA tensor and a CPU generator for CUDA tensors are errors. It finds wrong devices. It does not find kernels that
CUDA lacks, results that differ there, memory or speed.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CUDA = torch.device("cuda", 0)
CAPABILITY = (7, 5)  # a T4's
CROSSING = {"copy_", "_to_copy", "lift_fresh", "detach", "alias", "set_", "is_same_size", "_local_scalar_dense"}
PACKING = {"_pack_padded_sequence"}  # lengths and sizes have to be on the CPU
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put"}
MOVES = {torch.Tensor.to, torch.Tensor.cuda, torch.Tensor.cpu}
TO_NUMPY = {torch.Tensor.numpy, torch.Tensor.__array__}
MIXED = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"

_marked: dict[int, StorageWeakRef] = {}  # by address; a weak reference keeps an address from being used again
_result: list[bool | None] = [None]  # where the results of the current call belong, None for where its tensors are


def on_cuda(tensor: torch.Tensor) -> bool:
    """Return whether a tensor is on the device."""
    return not tensor.is_meta and tensor.layout == torch.strided and tensor.untyped_storage()._cdata in _marked


def place(value: Any, cuda: bool) -> Any:
    """Put the tensors in a value on the device or take them off it."""
    for tensor in tensors_in(value):
        if not tensor.is_meta and tensor.layout == torch.strided:
            storage = tensor.untyped_storage()
            if cuda:
                _marked.setdefault(storage._cdata, StorageWeakRef(storage))
            else:
                _marked.pop(storage._cdata, None)
    if len(_marked) % 4_096 == 4_095:  # forget what is gone
        for address in [address for address, storage in _marked.items() if storage.expired()]:
            del _marked[address]
    return value


def tensors_in(value: Any) -> list[torch.Tensor]:
    """Return the tensors anywhere in lists, tuples and dictionaries."""
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def names_cuda(device: Any) -> bool:
    """Return whether a device argument asks for a CUDA device."""
    if isinstance(device, (str, torch.device)):
        return torch.device(device).type == "cuda"
    return type(device) is int


@contextlib.contextmanager
def results_on(cuda: bool) -> Iterator[None]:
    """Let the results of all operations in the block be on the device, or off it."""
    before, _result[0] = _result[0], cuda
    try:
        yield
    finally:
        _result[0] = before


class Operations(TorchDispatchMode):
    """Checks the tensors of every operation and marks its results."""

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, given = operation._schema.name.removeprefix("aten::"), tensors_in((args, kwargs))
        some = [tensor for tensor in given if not tensor.is_meta]
        theirs = [tensor for tensor in some if on_cuda(tensor)]
        if theirs and len(theirs) < len(some) and name not in CROSSING | PACKING:
            check_mixture(name, args, some)
        result = operation(*args, **(kwargs or {}))
        if name in ("copy_", "set_"):  # in place: the tensor stays where it is
            return result
        if name in PACKING:
            place(result[0], bool(theirs))
            return result
        return place(result, True) if (bool(theirs) if _result[0] is None else _result[0]) else result


def check_mixture(name: str, args: Any, given: list[torch.Tensor]) -> None:
    """Raise as PyTorch does unless an operation may meet tensors of both devices."""
    if name in INDEXING:
        values = [value for value in args[2:3] if isinstance(value, torch.Tensor)]
        if not on_cuda(args[0]) or any(not on_cuda(value) and value.dim() for value in values):
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
        return
    strange = [tuple(tensor.shape) for tensor in given if not on_cuda(tensor) and tensor.dim()]
    if strange:
        raise RuntimeError(f"{MIXED} (in {name}; shapes on the cpu: {strange})")


class Calls(TorchFunctionMode):
    """Answers what a program asks of devices, before PyTorch sees it."""

    def __torch_function__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        own = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if own is not None and on_cuda(own):
            if call in ANSWERS:
                return ANSWERS[call]
            if call in TO_NUMPY:
                raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor "
                                "to host memory first.")
        if call in MOVES and own is not None:
            return moved(call, own, *args[1:], **kwargs)
        if call is torch.Tensor.__deepcopy__:
            return place(call(*args, **kwargs), on_cuda(own))
        if call is torch.Tensor.backward and on_cuda(own):  # zeros that a gradient begins with would lie on the CPU
            with results_on(True):
                return call(*args, **kwargs)
        if getattr(call, "__name__", "") == "_pad_packed_sequence":  # the padding that it makes inside, not the lengths
            with results_on(on_cuda(own)):
                rows, lengths = call(*args, **kwargs)
            return place(rows, on_cuda(args[0])), place(lengths, False)
        check_generator(kwargs, args)
        if call is torch.nn.functional.scaled_dot_product_attention:
            return attended(call, args, kwargs)
        if names_cuda(kwargs.get("device")):
            kwargs["device"] = "cpu"
            with results_on(True):
                return place(call(*args, **kwargs), True)
        if kwargs.get("device") is not None and own is not None and on_cuda(own):  # such as ones_like(x, device="cpu")
            with results_on(False):
                return call(*args, **kwargs)
        return call(*args, **kwargs)


ANSWERS = {torch.Tensor.device.__get__: CUDA, torch.Tensor.is_cuda.__get__: True, torch.Tensor.is_cpu.__get__: False,
           torch.Tensor.get_device: 0}


def check_generator(kwargs: dict[str, Any], args: Any) -> None:
    """Raise where a generator of the CPU is to draw for the device."""
    if kwargs.get("generator") is None:
        return
    others = {name: value for name, value in kwargs.items() if name != "generator"}
    if names_cuda(kwargs.get("device")) or any(on_cuda(tensor) for tensor in tensors_in((args, others))):
        raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")


def attended(call: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Attend; the causal mask that PyTorch makes inside would lie on the CPU."""
    given = tensors_in((args, kwargs))
    if len({on_cuda(tensor) for tensor in given}) > 1:
        raise RuntimeError(f"{MIXED} (in scaled_dot_product_attention)")
    with results_on(on_cuda(given[0])):
        return call(*args, **kwargs)


def moved(call: Any, own: torch.Tensor, *rest: Any, **kwargs: Any) -> torch.Tensor:
    """Do what `to`, `cuda` and `cpu` do: a copy where the device changes, else what the CPU's `to` does."""
    wanted, options = asked_of_to(call, own, rest, kwargs)
    if wanted == "meta" or own.is_meta:
        return torch.Tensor.to(own, wanted if wanted == "meta" else None, **options)
    cuda = on_cuda(own) if wanted is None else wanted
    if cuda == on_cuda(own):
        return torch.Tensor.to(own, **options) if options else own
    with results_on(cuda):
        return place(torch.Tensor.to(own, **{**options, "copy": True}), cuda)


def asked_of_to(call: Any, own: torch.Tensor, rest: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return (whether the device, None for the same, "meta"), other options for `to`."""
    options = {name: kwargs[name] for name in ("dtype", "copy", "memory_format") if kwargs.get(name) is not None}
    if call is not torch.Tensor.to:
        return call is torch.Tensor.cuda, options
    wanted = None
    for one in (*rest, kwargs.get("device"), kwargs.get("other")):
        if isinstance(one, torch.Tensor):
            wanted, options["dtype"] = on_cuda(one), one.dtype
        elif isinstance(one, torch.dtype):
            options["dtype"] = one
        elif isinstance(one, (str, torch.device)) or type(one) is int:
            wanted = "meta" if str(one) == "meta" else names_cuda(one)
    return wanted, options


class Properties:
    """What `get_device_properties` tells of a T4."""

    name, major, minor, total_memory, multi_processor_count = "Make-believe T4", *CAPABILITY, 15 << 30, 40


def install() -> None:
    """Make the device appear in `torch.cuda`, and watch every operation of this thread from now on."""
    answers = {
        "is_available": lambda: True, "is_initialized": lambda: True, "device_count": lambda: 1,
        "current_device": lambda: 0, "get_device_name": lambda *_: Properties.name,
        "get_device_capability": lambda *_: CAPABILITY, "get_device_properties": lambda *_: Properties,
        "is_bf16_supported": lambda including_emulation=True: including_emulation,
        "memory_allocated": lambda *_: 0, "max_memory_allocated": lambda *_: 0, "memory_reserved": lambda *_: 0,
        "mem_get_info": lambda *_: (14 << 30, 15 << 30), "is_current_stream_capturing": lambda: False,
        "get_rng_state": lambda *_: torch.get_rng_state(), "get_rng_state_all": lambda: [torch.get_rng_state()],
        "device": lambda *_: contextlib.nullcontext(),
        **{name: does_nothing() for name in (
            "set_device", "synchronize", "empty_cache", "manual_seed", "manual_seed_all", "init", "_lazy_init",
            "reset_peak_memory_stats", "set_rng_state", "set_rng_state_all", "ipc_collect", "current_stream")}}
    for module in (torch.cuda, torch.cuda.random):
        for name, answer in answers.items():
            if hasattr(module, name):
                setattr(module, name, answer)
    torch.nn.Module.compile = does_nothing()  # Triton needs a real card
    torch.utils.data._utils.pin_memory.pin_memory = lambda data, device=None: data
    torch.load = loading(torch.load)
    Calls().__enter__()
    Operations().__enter__()


def does_nothing() -> Any:
    """Return a function of its own: torch's compiler keeps a table of functions, in which none may stand twice."""
    return lambda *_, **__: None


def loading(load: Any) -> Any:
    """Return `torch.load` for files whose tensors may go to the device."""
    def load_there(*args: Any, **kwargs: Any) -> Any:
        cuda = names_cuda(kwargs.get("map_location"))
        value = load(*args, **{**kwargs, "map_location": "cpu"} if cuda else kwargs)
        return place(value, True) if cuda else value

    return load_there
