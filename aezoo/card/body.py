"""What people read below the metadata of a card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aezoo.card import gallery
from aezoo.card.facts import LABELS, Facts, Score, dig, number
from aezoo.card.limits import limits
from aezoo.card.markdown import block, code, plain, prose, table, text
from aezoo.card.tested import command, tested

NOT_MEASURED = "not measured"
NOT_DEFINED = "n/a"


def body(facts: Facts) -> str:
    """Return the text of a card.

    Args:
        facts: What is known about the model.

    Returns:
        Markdown, from the title to the end.
    """
    sections = {
        "How to use it": _use(facts),
        "What it does": _pictures(facts),
        "Scores": _scores(facts),
        "On whole images": tested(facts),
        "Training": _training(facts),
        "Licences": _licences(facts),
        "Limits": "".join(f"- {limit}\n" for limit in limits(facts)),
        "Files": _files(facts),
        "References": _references(facts),
    }
    parts = [f"## {title}\n\n{content}" for title, content in sections.items() if content]
    return "\n".join([f"# {text(facts.name)}\n\n{_introduction(facts)}", *parts])


def _introduction(facts: Facts) -> str:
    n = dig(facts.record, "data", "n", of=int)
    split = dig(facts.record, "data", "split", of=str)
    trained = "What it was trained on is not recorded. It"
    if facts.dataset:
        samples = "samples" if n is None else f"{n:,} samples"
        part = f"{text(split)} split of " if split else ""
        trained = f"Trained on {samples} (the {part}{code(facts.dataset)}), it"
    sample = f"each {facts.shape} sample" if facts.shape else "each sample"
    into = f"{facts.latent_dim} numbers" if facts.latent_dim else "a code"
    unknown = f"An autoencoder of the variant {facts.variant}."
    says = facts.synopsis.summary if facts.synopsis else unknown
    return f"{prose(says)} {trained} turns {sample} into {into} and back.\n"


def _use(facts: Facts) -> str:
    source, *others = facts.sources
    version = dig(facts.config, "versions", "aezoo", of=str)
    made = f" (version {text(version)} made this model)" if version else ""
    found = f"With the Python package `aezoo`{made}:\n\n{block(_snippet(facts, source), 'python')}"
    for other in others:
        at_home = "name, where the package that ships it is installed"
        way = "address on the Hub" if other.startswith("hf://") else at_home
        loaded = block(f"model = aezoo.load({_quoted(other)})", "python")
        found += f"\nOr by its {way}:\n\n{loaded}"
    shell = command(facts)
    if not shell and facts.generates and facts.is_image:
        shell = f"aezoo generate {plain(source)} -n 64 -o samples.png"
    if shell:
        found += f"\nOn the command line:\n\n{block(shell, 'sh')}"
    return found


def _snippet(facts: Facts, source: str) -> str:
    shape = ", ".join(map(str, (8, *facts.sample_shape)))
    codes = f"  # (8, {facts.latent_dim})" if facts.latent_dim else ""
    bounds = ", floats in [0, 1]" if dig(facts.config, "config", "preprocess") is None else ""
    load = f"model = aezoo.load({_quoted(source)})"
    if facts.generates:
        lines = ["import aezoo", "", load]
        lines += [f"x = model.generate(8, seed=0)  # ({shape}){bounds}; or samples of your own"]
    else:
        lines = ["import aezoo", "import numpy as np", "", load]
        lines += [f'x = np.zeros(({shape}), "uint8")  # put samples of your own here']
    lines += [
        f"z = model.encode(x){codes}, the same every time" if codes else "z = model.encode(x)"
    ]
    return "\n".join([*lines, f"y = model.decode(z)  # ({shape}){bounds}"])


def _pictures(facts: Facts) -> str:
    if not facts.record:
        return "\n".join(f"![{_alt(name)}]({name})\n" for name in facts.pictures)
    captions = gallery.captions(
        dataset=code(dig(facts.scores, "dataset", of=str) or "its data"),
        split=code(dig(facts.scores, "split", of=str) or "first"),
        sampler=code(facts.sampler or "sampler"),
        restores=facts.restores,
    )
    found = [f"{captions[name]}\n\n![{_alt(name)}]({name})\n" for name in facts.pictures]
    note = "Nobody picked these: they show the first samples of a split, and what one seed gives.\n"
    return "\n".join([note, *found]) if found else ""


def _alt(picture: str) -> str:
    return text(picture.removesuffix(".png"))


def _scores(facts: Facts) -> str:
    measured = facts.measured()
    if not measured:
        return (
            f"Reconstruction, density and new samples: {NOT_MEASURED}. `aezoo evaluate` does it.\n"
        )
    generated = [score for score in measured if score.references is not None]
    measured = [score for score in measured if score.references is None]
    parts = [_conditions(facts), _table(facts, measured)]
    if {score.key for score in measured} <= LABELS.keys():
        parts.append("Lower is better for the mean squared error, higher for everything else.\n")
    if generated:
        parts.append(_generated(facts, generated))
    for key, reason in (dig(facts.scores, "skipped", of=Mapping) or {}).items():
        why = str(reason).partition(" Received:")[0].rstrip(".")
        parts.append(f"{text(LABELS.get(key, key))} is {NOT_MEASURED}: {text(why)}.\n")
    terms = dig(facts.scores, "terms", of=Mapping) or {}
    listed = [
        f"{code(name)} {_number(value)}"
        for name, value in terms.items()
        if number(value) is not None
    ]
    if listed:
        parts.append(
            "Terms of the loss on the same samples, with the noise that training adds, if any: "
            f"{', '.join(listed)}.\n"
        )
    active, units = (dig(facts.scores, key, of=int) for key in ("active_units", "latent_units"))
    if active is not None and units is not None and not facts.restores:
        parts.append(f"Active units of the code: {active} of {units}.\n")
    mean, low, high = (
        number(dig(facts.scores, "aggregate_posterior", key))
        for key in ("max_abs_mean", "min_std", "max_std")
    )
    if mean is not None and low is not None and high is not None:
        parts.append(
            f"Over these samples the means of the active units are within {_number(mean)} of 0 and "
            f"their standard deviations from {_number(low)} to {_number(high)}; the prior's are 0 "
            "and 1.\n"
        )
    return "\n".join(parts)


def _conditions(facts: Facts) -> str:
    n, seed = (dig(facts.scores, key, of=int) for key in ("n", "seed"))
    name, split = (dig(facts.scores, key, of=str) for key in ("dataset", "split"))
    where = f" of {code(name)}" if name else ""
    where = f" of the {code(split)} split{where}" if split else where
    samples = "samples" if n is None else f"{n:,} samples"
    chance = "" if seed is None else f", seed {seed}"
    dtype = dig(facts.config, "dtype", of=str)
    stored = f", with the weights as they are stored ({text(dtype)})" if dtype else ""
    found = f"Measured on {samples}{where}{chance}{stored}. Reconstructions are without noise."
    components = dig(facts.scores, "baseline", "components", of=int)
    if components is not None:
        train = dig(facts.scores, "baseline", "n_train", of=int)
        fitted = "" if train is None else f" fitted to {train:,} samples of the training split"
        found += f" PCA is a principal component analysis with {components} components{fitted}."
    return f"{found}\n"


def _table(facts: Facts, measured: list[Score]) -> str:
    with_pca = dig(facts.scores, "baseline", of=Mapping) is not None
    rows = []
    for score in measured:
        draws = [f"{n} {text(k.replace('_', ' '))}" for k, n in score.setting.items()]
        label = ", ".join([text(score.label), *(draws if score.density else [])])
        pca = NOT_DEFINED if score.baseline is None else _number(score.baseline)
        samples = NOT_MEASURED if score.n is None else f"{score.n:,}"
        rows.append([label, _number(score.value), *([pca] if with_pca else []), samples])
    return table(["Metric", "Model", *(["PCA"] if with_pca else []), "Samples"], rows)


def _generated(facts: Facts, scores: list[Score]) -> str:
    drawn = dig(facts.scores, "samples", "generated", of=int)
    sampler = dig(facts.scores, "samples", "sampler", of=str)
    count = "Samples" if drawn is None else f"{drawn:,} samples"
    source = "the prior" if sampler == "prior" else f"the sampler {code(sampler or 'of the model')}"
    said = (
        f"{count} drawn from {source}, beside reconstructions and other real samples in their "
        "place. What reconstructions lose, the decoder loses and not the sampler. Lower is better "
        "for KID, higher for precision and coverage.\n"
    )
    rows = []
    for score in scores:
        others = ((score.references or {}).get(kind) for kind in ("reconstructions", "real"))
        cells = (NOT_DEFINED if value is None else _number(value) for value in others)
        rows.append([text(score.label), _number(score.value), *cells])
    return f"{said}\n{table(['Metric', 'Generated', 'Reconstructions', 'Real'], rows)}"


def _training(facts: Facts) -> str:
    recipe = dig(facts.record, "recipe", of=Mapping)
    arguments = dig(recipe, "config", of=Mapping) or dig(facts.config, "config", of=Mapping) or {}
    parts = []
    if recipe is None:
        parts.append("How it was trained is not recorded. It was built with these arguments:\n")
    else:
        command = dig(recipe, "command", of=str)
        if command:
            parts += ["In a checkout of the project:\n", block(plain(command), "sh")]
        parts.append(f"{_recipe(recipe)}These are the arguments of the variant:\n")
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in arguments.items()]
    parts.append(block("\n".join(["{", ",\n".join(lines), "}"]), "json"))
    parts.append(f"{' '.join(_made(facts))}\n")
    return "\n".join(parts)


def _recipe(recipe: Mapping[str, Any]) -> str:
    """Return the plain settings of a recipe in one sentence."""
    said = [
        f"{text(key.replace('_', ' '))} {code(value) if isinstance(value, str) else value}"
        for key, value in recipe.items()
        if key not in ("command", "data") and isinstance(value, (str, int, float))
    ]
    return f"Settings: {', '.join(said)}. " if said else ""


def _made(facts: Facts) -> Iterator[str]:
    if facts.parameters is not None:
        yield f"It has {facts.parameters:,} parameters."
    dtype, machine = (dig(facts.record, "computed", key, of=str) for key in ("dtype", "machine"))
    if dtype:
        yield f"Trained in {text(dtype)}{f' on {text(machine)}' if machine else ''}."
    stored = dig(facts.config, "dtype", of=str)
    if stored:
        yield f"Stored as {text(stored)}."
    versions = dig(facts.config, "versions", of=Mapping) or {}
    if versions:
        named = [f"{text(name)} {text(str(version))}" for name, version in versions.items()]
        yield f"Made with {', '.join(named)}."


def _licences(facts: Facts) -> str:
    weights = "not stated. Its author can add `license:` to the metadata above"
    if facts.licence:
        weights = code(facts.licence)
    found = f"- Weights: {weights}.\n"
    if not facts.dataset:
        return f"{found}- Training data: not recorded.\n"
    terms, source, digest = (
        dig(facts.record, "data", key, of=str) for key in ("licence", "source", "sha256")
    )
    found += f"- Training data, {code(facts.dataset)}: {text(terms or 'licence not stated')}.\n"
    found += f"- Source of the data: {text(source)}.\n" if source else ""
    return found + (f"- SHA-256 of the training samples: {code(digest)}.\n" if digest else "")


def _files(facts: Facts) -> str:
    rows = [[code(name), f"{size:,}", code(digest)] for name, (size, digest) in facts.files.items()]
    if not rows:
        return ""
    said = "Loading compares these hashes and runs no code from the files.\n"
    return f"{said}\n{table(['File', 'Bytes', 'SHA-256'], rows, left=(0, 2))}"


def _references(facts: Facts) -> str:
    found = facts.synopsis.references if facts.synopsis else ()
    return "".join(f"- [{text(title)}]({address})\n" for title, address in found)


def _number(value: float) -> str:
    return json.dumps(value)


def _quoted(value: str) -> str:
    return json.dumps(plain(value), ensure_ascii=False)
