"""Writes what the records of the embedded presets say: model_cards/ and tables in the docs.

    python tools/cards.py                     # write the pages
    python tools/cards.py --check             # exit 1 if one of them or a picture is out of date
    python tools/cards.py --pictures [NAME]   # draw the pictures; needs Keras and the data
    python tools/cards.py --pictures --check  # draw them again, from the images that they show

Every figure is read from a `record.json` under aezoo/presets/, which tools/train.py writes; nothing
is measured here. A picture holds the hash of the weights that drew it, so that the check without
Keras knows an old one.
"""

import argparse
import os
import sys

from showcase.documents import ROOT, records
from showcase.pages import faults, pages
from showcase.pictures import difference, draw

TOLERANCE = 2  # of 255, between machines


def main(root=ROOT):
    """Reads the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets to draw; all by default")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of date")
    parser.add_argument("--pictures", action="store_true", help="the pictures, not the pages")
    arguments = parser.parse_args()
    known = [record["name"] for record in records(root)]
    unknown = sorted({*arguments.names} - {*known})
    if unknown or (arguments.names and not arguments.pictures):
        parser.error(f"name presets of {', '.join(known)}, with --pictures. Received: {unknown}")
    if not arguments.pictures:
        return _check_pages(root) if arguments.check else _write_pages(root)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    act = _check_pictures if arguments.check else _write_pictures
    return act(root, arguments.names or known)


def _check_pages(root):
    changed = [path for path, text in pages(root).items() if _read(path) != text]
    for path in changed:
        print(f"{path.relative_to(root)} is out of date: run python tools/cards.py")
    wrong = list(faults(root))
    print("".join(f"{fault}\n" for fault in wrong), end="")
    return int(bool(changed or wrong))


def _write_pages(root):
    for path, text in pages(root).items():
        if _read(path) != text:
            _write(path, text.encode())
            print(f"wrote {path.relative_to(root)}")
    return 0


def _check_pictures(root, names):
    worst = {name: difference(name, root) for name in names}
    for name, by in worst.items():
        print(f"{name}: pictures drawn again differ by at most {by} of 255")
    return int(any(by > TOLERANCE for by in worst.values()))


def _write_pictures(root, names):
    for name in names:
        for picture, content in draw(name, root).items():
            path = root / "model_cards" / name / picture
            _write(path, content)
            print(f"wrote {path.relative_to(root)}, {len(content):,} bytes")
    return 0


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
