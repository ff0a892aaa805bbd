"""Read a picture of one line of text with the text recogniser; scripts/read-text sets the stage."""

import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bindings", "python"))

import recogniser  # noqa: E402
import tvmtrt  # noqa: E402
from PIL import Image  # noqa: E402


class Stages:
    """Times of the stages, in the order in which they ran."""

    def __init__(self):
        self.times = []

    def run(self, name, work):
        start = time.perf_counter()
        result = work()
        self.times.append((name, 1000 * (time.perf_counter() - start)))
        return result


def main():
    stages = Stages()
    picture = recogniser.prepare(Image.open(sys.argv[1]))[None]
    model = stages.run("load", lambda: tvmtrt.Model(recogniser.MODEL))
    name, (batch, _, _, width) = model.inputs[0].name, model.inputs[0].extents
    characters = recogniser.alphabet(model.metadata["character"])
    options = {"symbols": f"{batch}=1..8,{width}=16..320..4096"}
    partition = stages.run("partition", lambda: tvmtrt.Partition(model, {name: [None, 3, recogniser.HEIGHT, None]}, options))
    build = stages.run("build", lambda: tvmtrt.Build(partition))
    session = tvmtrt.Session(build)
    (probabilities,) = stages.run("first run", lambda: session.run({name: picture})).values()
    stages.run("second run", lambda: session.run({name: picture}))
    print(partition.explain().rstrip())
    print()
    print("  ".join(f"{name} {ms:.1f} ms" for name, ms in stages.times))
    print(f"text: {recogniser.decode(probabilities[0], characters).strip()}")


if __name__ == "__main__":
    main()
