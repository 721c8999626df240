"""``python -m klue_helpers`` is the `klue` command (operations, taught nowhere)."""

import sys

from klue_helpers.cli import main

if __name__ == "__main__":
    sys.exit(main())
