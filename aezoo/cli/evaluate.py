"""`aezoo evaluate`."""

import dataclasses
from typing import Annotated, Any

import typer

import aezoo_registry
from aezoo.cli.console import note, show_json, show_table
from aezoo.cli.options import Count, Data, Json, Model, Sampler, Seed, Split


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
    network = models.load(model)
    chosen = models.sampler(network, sampler, source=model)
    size = tuple(network.sample_shape[:2])
    held_out, train = (inputs.split_of(data, part, size=size) for part in (split, "train"))
    note("Scoring the model, and PCA beside it ...")
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
    _show_metrics(result)
    baseline = result["baseline"]
    if baseline and result["metrics"].get("mse", 0.0) > baseline["metrics"].get("mse", 1.0):
        note(
            "PCA reconstructs these better. More training or a larger network may help; what a "
            "prior or another term of the loss asks of the codes costs reconstruction, too."
        )
    for name, reason in result["skipped"].items():
        note(f"{name} is left out: {reason}")
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


def _show_metrics(result: dict[str, Any]) -> None:
    """Print the metrics, and beside each the score of what it compares with."""
    baseline, samples = result["baseline"], result["samples"]
    beside: list[tuple[str, dict[str, float]]] = []
    if baseline:
        beside.append((f"PCA, {baseline['components']} components ", baseline["metrics"]))
    if samples:
        for kind in ("reconstructions", "real"):
            known = {name: at[kind] for name, at in result["references"].items() if kind in at}
            beside.append((f"{kind} ", known))
        real = {
            "train": "as many samples of the training split",
            "halves": "halves of the real samples, compared with each other",
        }[samples["reference"]]
        note(
            f"{samples['generated']} samples were generated from the {samples['sampler']} and "
            f"compared with {samples['real']} real ones. In their place: reconstructions of these; "
            f"real: {real}."
        )
    show_table(
        ["metric", "model ", *(heading for heading, _ in beside), "n "],
        [
            [
                name,
                f"{value:.5g}",
                *(f"{scores[name]:.5g}" if name in scores else "" for _, scores in beside),
                str(samples["generated"] if name in result["references"] else result["n"]),
            ]
            for name, value in result["metrics"].items()
        ],
    )


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
