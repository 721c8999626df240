"""On PYTHONPATH, with MAKE_BELIEVE_CUDA=1: a make-believe CUDA device as soon as torch is imported."""

import importlib.machinery
import os
import sys


class Finder:
    """Finds torch once, as usual, and installs the device behind its import."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "torch":
            return None
        sys.meta_path.remove(cls)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            import make_believe

            make_believe.install()

        spec.loader.exec_module = exec_module
        return spec


if os.environ.get("MAKE_BELIEVE_CUDA") == "1":
    sys.meta_path.insert(0, Finder)
