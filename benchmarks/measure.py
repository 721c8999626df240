"""Time what the design gives a budget to, each in a fresh process, and write ``benchmarks/results.json``.

Run ``python benchmarks/measure.py`` from the root of the checkout; rows that need published data are left out where
KLUE_DATA_DIR is not set. The time and memory of whole lectures stand in the table of ``klue run``.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 5
CASES = {
    "import klue_helpers": "import klue_helpers",
    "load the sample reviews": "import klue_helpers as kh; kh.load_data('nsmc')",
    "load 200,000 published reviews": "import klue_helpers as kh; kh.load_data('nsmc', 'local')",
    "audit 200,000 published reviews": "import klue_helpers as kh; kh.audit_splits(kh.load_data('nsmc', 'local'))",
    "start Java and Okt": "from klue_helpers.tokenizers import load_tokenizer; load_tokenizer('okt')('봄비가 온다')",
    "start Kiwi": "from klue_helpers.tokenizers import load_tokenizer; load_tokenizer('kiwi')('봄비가 온다')",
}


def measure(code: str) -> dict[str, float]:
    """Return seconds (minimum, median, maximum of several runs) and the peak memory in MiB of a piece of code."""
    seconds, peak = [], 0.0
    for _ in range(RUNS):
        start = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-c", code])
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.perf_counter() - start)
        if status:
            raise SystemExit(f"failed: {code}")
        peak = max(peak, usage.ru_maxrss / 1024)
    return {"min_s": min(seconds), "median_s": statistics.median(seconds), "max_s": max(seconds), "peak_mib": peak}


def main() -> None:
    """Measure every case that can run here and write the table."""
    bare = measure("pass")
    rows = {"bare Python": bare}
    for name, code in CASES.items():
        if "'local'" in code and not os.environ.get("KLUE_DATA_DIR"):
            print(f"{name}: left out, KLUE_DATA_DIR is not set")
            continue
        rows[name] = measure(code)
        print(f"{name:40s}{rows[name]['median_s']:8.2f} s{rows[name]['peak_mib']:8.0f} MiB")
    facts = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count(), "runs": RUNS}
    rounded = {name: {key: round(value, 3) for key, value in row.items()} for name, row in rows.items()}
    path = Path(__file__).with_name("results.json")
    path.write_text(json.dumps({"facts": facts, "rows": rounded}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
