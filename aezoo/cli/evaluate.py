"""`aezoo evaluate`."""

from typing import Annotated, Any

import typer

import aezoo_registry
from aezoo.cli.console import note, show_json, show_table
from aezoo.cli.options import Data, Json, Model, Seed, Split


def evaluate(
    model: Model,
    data: Data,
    split: Split = "test",
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            show_default=False,
            help="Names with commas between (`aezoo list metrics`); by default mse,psnr,ssim.",
        ),
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score a model beside PCA with as many numbers in its code.

    The PCA is fitted to the training split of the same data.
    """
    from aezoo.cli import inputs, models
    from aezoo.evaluation import evaluate as score

    names = [*filter(None, map(str.strip, metrics.split(",")))] if metrics else None
    for name in names or ():
        aezoo_registry.find("metrics", name)
    network = models.load(model)
    size = tuple(network.sample_shape[:2])
    samples, train = (inputs.split_of(data, part, size=size) for part in (split, "train"))
    note("Scoring the model, and PCA beside it ...")
    result = score(network, samples, metrics=names, train=train, seed=seed)
    if json:
        show_json(result)
    else:
        show_scores(result)


def show_scores(result: dict[str, Any]) -> None:
    """Print what `aezoo.evaluation.evaluate` returned, for people."""
    note(f"{result['n']} samples of the {result['split']} split of {result['dataset']}.")
    baseline = result["baseline"]
    beside = [f"PCA, {baseline['components']} components "] if baseline else []
    show_table(
        ["metric", "model ", *beside],
        [
            [name, f"{value:.5g}", *([f"{baseline['metrics'][name]:.5g}"] if baseline else [])]
            for name, value in result["metrics"].items()
        ],
    )
    if baseline and result["metrics"].get("mse", 0.0) > baseline["metrics"].get("mse", 1.0):
        note(
            "PCA reconstructs these better. More training or a larger network may help; what a "
            "prior or another term of the loss asks of the codes costs reconstruction, too."
        )
    for name, reason in result["skipped"].items():
        note(f"{name} is left out: {reason}")
    show_table(
        ["loss term", "value "],
        [[name, f"{value:.5g}"] for name, value in result["terms"].items()],
    )
    typer.echo(f"Active latent units: {result['active_units']} of {result['latent_units']}.")
    if prior := result["aggregate_posterior"]:
        typer.echo(
            f"Over these samples their means are within {prior['max_abs_mean']:.2g} of 0, their "
            f"standard deviations {prior['min_std']:.2f} to {prior['max_std']:.2f}; "
            "the prior's are 0 and 1."
        )
