"""`aezoo evaluate`."""

import dataclasses
from typing import Annotated, Any

import typer

import aezoo_registry
from aezoo.cli.console import note, show_json, show_table
from aezoo.cli.options import Count, Data, Engine, Json, Model, Sampler, Seed, Split


def evaluate(
    model: Model,
    data: Data,
    split: Split = "test",
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            show_default=False,
            help="Names with commas between (`aezoo list metrics`), or `all` for those that apply; "
            "by default mse,psnr,ssim.",
        ),
    ] = None,
    count: Count = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples",
            min=1,
            show_default=False,
            help="How many to generate for metrics of generated samples; by default as many as "
            "there are real ones, at most 10,000.",
        ),
    ] = None,
    sampler: Sampler = None,
    engine: Engine = "keras",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score a model, beside what its scores compare with.

    Reconstructions are compared with those of PCA with as many numbers in its code, fitted to the
    training split of the same data; generated samples with real ones and with reconstructions.
    """
    from aezoo.cli import inputs, models
    from aezoo.evaluation import evaluate as score

    names = _names(metrics)
    network = models.load(model, engine)
    chosen = models.sampler(network, sampler, source=model)
    size = tuple(network.sample_shape[:2])
    held_out, train = (inputs.split_of(data, part, size=size) for part in (split, "train"))
    note("Scoring the model ...")
    result = score(
        network,
        _first(held_out, count),
        metrics=names,
        train=train,
        samples=samples,
        sampler=chosen,
        seed=seed,
    )
    if json:
        show_json(result)
    else:
        show_scores(result)


def show_scores(result: dict[str, Any]) -> None:
    """Print what `aezoo.evaluation.evaluate` returned, for people."""
    note(
        f"{result['n']} samples of the {result['split']} split of {result['dataset']}, "
        f"seed {result['seed']}."
    )
    baseline = result["baseline"]
    _show_own_scores(result)
    if result["samples"]:
        _show_scores_of_samples(result)
    if baseline and result["metrics"].get("mse", 0.0) > baseline["metrics"].get("mse", 1.0):
        note(
            "PCA reconstructs these better. More training or a larger network may help; what a "
            "prior or another term of the loss asks of the codes costs reconstruction, too."
        )
    reasons: dict[str, list[str]] = {}
    for name, reason in result["skipped"].items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        note(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} left out: {reason}")
    if terms := result["terms"]:
        show_table(
            ["loss term", "value "], [[name, f"{value:.5g}"] for name, value in terms.items()]
        )
    typer.echo(f"Active latent units: {result['active_units']} of {result['latent_units']}.")
    if prior := result["aggregate_posterior"]:
        typer.echo(
            f"Over these samples their means are within {prior['max_abs_mean']:.2g} of 0, their "
            f"standard deviations {prior['min_std']:.2f} to {prior['max_std']:.2f}; "
            "the prior's are 0 and 1."
        )


def _show_own_scores(result: dict[str, Any]) -> None:
    """Print the metrics of reconstructions and codes, those of PCA beside them."""
    baseline, n = result["baseline"], str(result["n"])
    own = {k: v for k, v in result["metrics"].items() if k not in result["references"]}
    beside = [f"PCA, {baseline['components']} components "] if baseline else []
    rows = []
    for name, value in own.items():
        known = baseline and name in baseline["metrics"]
        other = [f"{baseline['metrics'][name]:.5g}" if known else ""] if baseline else []
        rows.append([name, f"{value:.5g}", *other, n])
    if rows:
        show_table(["metric", "model ", *beside, "n "], rows)


def _show_scores_of_samples(result: dict[str, Any]) -> None:
    """Print the metrics of generated samples, and beside them what other samples score."""
    samples, references = result["samples"], result["references"]
    generated, real = samples["generated"], samples["real"]
    halves = " (memorisation: halves of the real ones)" if "memorisation" in references else ""
    name = samples["sampler"]
    source = "from the prior" if name == "prior" else f"by the sampler {name}"
    note(
        f"{generated} samples were drawn {source} and compared with "
        f"{real} real ones, and so were, in their place, reconstructions and other real samples: "
        + {
            "train": f"as many of the training split{halves}.",
            "halves": "one half of the real ones, with the other half.",
        }[samples["reference"]]
    )
    kinds = ("reconstructions", "real")
    rows = []
    for name, at in references.items():
        others = [f"{at[kind]:.5g}" if kind in at else "" for kind in kinds]
        rows.append([name, f"{result['metrics'][name]:.5g}", *others, str(generated)])
    show_table(["metric", "model ", *(f"{kind} " for kind in kinds), "n "], rows)


def _names(metrics: str | None) -> list[str] | str | None:
    """Return the metrics that an option names, all of them registered."""
    if metrics is None or metrics.strip() == "all":
        return metrics and "all"
    names = [*filter(None, map(str.strip, metrics.split(",")))]
    if not names:
        raise ValueError(
            f"Name metrics with commas between, or `all`. Received: metrics={metrics!r}."
        )
    for name in names:
        aezoo_registry.find("metrics", name)
    return names


def _first(samples: Any, count: int | None) -> Any:
    """Return the first so many samples of a split, with all that is known about each."""
    known = {name: getattr(samples, name) for name in ("x", "labels", "factors")}
    parts = {name: array[:count] for name, array in known.items() if array is not None}
    return dataclasses.replace(samples, **parts)
