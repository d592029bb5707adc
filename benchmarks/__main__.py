"""Run comparisons and print a table of each case; nothing is judged, so nothing fails."""

import argparse
import importlib
import pkgutil

import torch
from tabulate import tabulate

from benchmarks import comparisons
from benchmarks.bfloat16 import affordable, bfloat16_is_slow
from benchmarks.comparison import compare

HEADERS = ("task", "variant", "median ms", "IQR %", "times faster", "peak MB", "times smaller", "10^9/s")
DIGITS = ("", "", ".1f", ".0f", ".2f", ".0f", ".1f", ".1f")


def main() -> None:
    """Parse arguments, run, print."""
    known = sorted(module.name for module in pkgutil.iter_modules(comparisons.__path__))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all by default")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of each variant (default: 5)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="as torch chooses by default")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(known)):
        parser.error(f"no comparison is called {', '.join(unknown)}. Pass some of {', '.join(known)}.")
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {arguments.threads} threads, {arguments.repetitions} interleaved repetitions")
    if bfloat16_is_slow():
        print("This machine emulates bfloat16: variants called bf16 are left out.")
    for name in arguments.names or known:
        module = importlib.import_module(f"benchmarks.comparisons.{name}")
        print(f"\n{name}: {module.__doc__}", flush=True)
        for case in module.cases():
            rows = compare(affordable(case), arguments.repetitions)
            print("\n" + tabulate(rows, HEADERS, tablefmt="github", floatfmt=DIGITS), flush=True)


if __name__ == "__main__":
    main()
