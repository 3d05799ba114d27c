"""Publishes an embedded preset on the Hugging Face Hub and writes the pin into its record.

    python tools/publish.py vae.fashion_mnist --org aezoo --dry-run
    python tools/publish.py vae.fashion_mnist --org aezoo --public
    python tools/cards.py            # the cards then name the commit

The repository is ORG/NAME. The record gets `hub`: the repository, the commit, and size and SHA-256
of every file, which `aezoo.load` compares when it has to fetch the preset from there.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from aezoo import hub, layout, store
from showcase.pages import files

PRESETS = Path(__file__).resolve().parent.parent / "aezoo" / "presets"


def publish(name, org, *, public=False, presets=PRESETS):
    """Pushes a preset with its card, and pins what was pushed.

    Args:
        name: Name of an embedded preset.
        org: User or organisation.
        public: Make a new repository public.
        presets: Directory of the embedded presets.

    Returns:
        What the push did, an `aezoo.hub.Push`.
    """
    contents = collect(name, org, presets=presets)
    done = hub.push(
        contents, f"{org}/{name}", public=public, message=f"Publish {name} with tools/publish.py"
    )
    pin(presets / name / "record.json", done, contents)
    return done


def collect(name, org, *, presets=PRESETS):
    """Returns the content of the files that go up, by name: the model's, and its card.

    Args:
        name: Name of an embedded preset.
        org: User or organisation.
        presets: Directory of the embedded presets.
    """
    return {**store.contents(presets / name), **files(name, repo=f"{org}/{name}")}


def pin(path, done, contents):
    """Writes where a preset is on the Hub into its record, atomically.

    Args:
        path: The preset's `record.json`.
        done: What the push did.
        contents: Content of the files that were pushed, by name.
    """
    listed = layout.parse_manifest(contents[layout.MANIFEST])
    record = json.loads(path.read_text(encoding="utf-8"))
    record["hub"] = {
        "repo": done.repository,
        "commit": done.commit,
        "files": {n: {"size": size, "sha256": sha256} for n, (size, sha256) in listed.items()},
    }
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    os.replace(scratch, path)


def main():
    """Reads the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="an embedded preset")
    parser.add_argument("--org", required=True, help="user or organisation")
    parser.add_argument("--public", action="store_true", help="make a new repository public")
    parser.add_argument("--dry-run", action="store_true", help="only list what would go up")
    arguments = parser.parse_args()
    if not (PRESETS / arguments.name / "record.json").is_file():
        parser.error(f"no embedded preset {arguments.name!r} under {PRESETS}")
    try:
        if arguments.dry_run:
            for file in hub.describe(collect(arguments.name, arguments.org)):
                print(f"{file.sha256}  {file.size:>12,} bytes  {file.name}")
            return 0
        done = publish(arguments.name, arguments.org, public=arguments.public)
    except (hub.HubError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{'Pushed' if done.changed else 'Unchanged'}: {done.address}")
    print("The record has the pin now; run python tools/cards.py.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
