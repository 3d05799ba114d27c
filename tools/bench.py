"""Measures aezoo: its speed against plain Keras, and its speed and models against pythae.

    python tools/bench.py training     # aezoo train's settings against Keras' defaults
    python tools/bench.py encode       # encode against predict, on small networks and every preset
    python tools/bench.py latency      # encode of one image, warm, with nothing between the calls
    python tools/bench.py hub          # a model in the Hub's cache against a directory
    python tools/bench.py cold         # a cold process: load and encode against importing Keras
    python tools/bench.py names        # a cold process: aezoo list, aezoo --help, import aezoo
    python tools/bench.py foundation   # all of these
    python tools/bench.py speed --peer-python PATH      # against pythae: time and memory
    python tools/bench.py quality --peer-python PATH    # against pythae: trained models
    python tools/bench.py samplers     # every sampler of vectors on models that ship

`--write` puts the results into docs/benchmarks/NAME.{json,md}; the pages say how to make the peer's
environment.
"""

import argparse
import functools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks import foundation, quality, report, samplers, speed


def main():
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="BENCHMARK")
    names = {name: [name] for name in foundation.BENCHMARKS}
    for name, chosen in {**names, "foundation": list(foundation.BENCHMARKS)}.items():
        run = functools.partial(foundation.run, chosen)
        commands.add_parser(name).set_defaults(run=lambda arguments, run=run: run())
    for name, module in {"speed": speed, "quality": quality, "samplers": samplers}.items():
        command = commands.add_parser(name)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    for command in commands.choices.values():
        command.add_argument("--write", action="store_true", help="write docs/benchmarks")
    arguments = parser.parse_args()
    name, results, lines = arguments.run(arguments)
    print("\n".join(lines))
    if arguments.write:
        report.write(name, results, lines)


if __name__ == "__main__":
    main()
