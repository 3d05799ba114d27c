"""`aezoo train`."""

import dataclasses
import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from aezoo.cli.console import note, quiet_import, show_json
from aezoo.cli.errors import FAILED
from aezoo.cli.evaluate import show_scores
from aezoo.cli.options import Data, Force, Json, Seed, Settings

_SHOWN = 32


def train(
    variant: Annotated[
        str,
        typer.Argument(
            metavar="VARIANT", show_default=False, help="A variant (`aezoo list variants`)."
        ),
    ],
    data: Data,
    out: Annotated[
        Path, typer.Option("--out", show_default=False, help="Directory for the trained model.")
    ],
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the data.")] = 20,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            min=1,
            show_default=False,
            help="Samples a step; by default 128, or 32 of fewer than 10,000 samples.",
        ),
    ] = None,
    latent_dim: Annotated[int, typer.Option("--latent-dim", min=1, help="Latent numbers.")] = 16,
    body: Annotated[
        str | None,
        typer.Option(
            "--body",
            show_default=False,
            help="Networks (`aezoo list bodies`), or JSON with arguments; by default chosen by the "
            "samples' shape.",
        ),
    ] = None,
    likelihood: Annotated[
        str | None,
        typer.Option(
            "--likelihood",
            show_default=False,
            help="gaussian, laplace or bernoulli, or JSON with arguments; by default the variant's "
            "own, or bernoulli for samples in 0 to 1 without preprocess.",
        ),
    ] = None,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", help="At the start; it decays to 0.")
    ] = 1e-3,
    optimizer: Annotated[
        str,
        typer.Option(
            "--optimizer", help="adam, or muon: fewer steps for deep networks of convolutions."
        ),
    ] = "adam",
    sampler: Annotated[
        str,
        typer.Option(
            "--sampler",
            help="Fitted at the end: a name (`aezoo list samplers`), JSON with its arguments, auto "
            "(gmm, or code_transformer where codes are tokens), or none.",
        ),
    ] = "auto",
    settings: Settings = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="HEIGHTxWIDTH",
            show_default=False,
            help="What the images of a folder are cropped and resized to.",
        ),
    ] = None,
    dtype: Annotated[
        str, typer.Option("--dtype", help="auto, float32 or mixed_bfloat16.")
    ] = "auto",
    seed: Seed = 0,
    force: Force = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
    json: Json = False,
) -> None:
    """Train a model, score it and draw what it does.

    The directory holds the model as it was after the last finished epoch, also where Ctrl-C ended
    the training, with loss.png, reconstructions.png and samples.png.
    """
    import aezoo_registry
    from aezoo import store
    from aezoo.cli import inputs
    from aezoo.cli.settings import parse, parse_size, spec

    store.check_target(out, overwrite=force)
    aezoo_registry.find("variants", variant)
    fitted = None if sampler == "none" else spec(sampler)
    arguments = parse(settings)
    shape = parse_size(size)
    if shape is not None and not inputs.is_folder(data):
        raise ValueError(f"--size is for folders of images. Received: --data {data}.")
    samples, validation = (
        inputs.split_of(data, split, size=shape) for split in ("train", "validation")
    )
    with quiet_import():
        import keras  # noqa: F401
    from aezoo import factory, training
    from aezoo.cli.progress import EpochBar

    raw = arguments.get("preprocess") is None and samples.sample_range is not None
    if likelihood is None and raw and not _has_own_likelihood(factory.find_variant(variant)):
        likelihood = "bernoulli"
    chosen = {"latent_dim": latent_dim, "body": spec(body), "likelihood": spec(likelihood)}
    config = {name: value for name, value in chosen.items() if value is not None} | arguments
    fits = fitted and factory.find_variant(variant).learns_code
    afterwards = "Fitting the sampler ..." if fits else ""
    try:
        result = training.train(
            variant,
            samples,
            out,
            validation=validation,
            epochs=epochs,
            batch_size=batch_size and min(batch_size, len(samples.x)),
            learning_rate=learning_rate,
            optimizer=optimizer,
            seed=seed,
            config=config,
            sampler=fitted,
            dtype=dtype,
            overwrite=force,
            callbacks=[EpochBar(epochs, bar=not quiet, afterwards=afterwards)],
        )
    except KeyboardInterrupt:
        note("No epoch was finished, so nothing is kept.")
        raise
    if batch_size is not None and batch_size > len(samples.x):
        note(f"All {len(samples.x)} samples were one step: --batch-size is larger.")
    scores = _scores(result.model, data, samples, shape, seed)
    _draw(result, validation.x, seed)
    if json:
        settings_used = dataclasses.asdict(result.settings)
        facts = {"directory": str(out), "interrupted": result.interrupted}
        facts |= {"settings": settings_used, "seconds": result.seconds, "history": result.history}
        show_json({**facts, "evaluation": scores})
    elif scores is not None:
        show_scores(scores)
    place = out if out.is_absolute() else f"./{out}"
    use = f"generate {place} -o samples.png" if result.model.learns_code else f"info {place}"
    note(f"Wrote {out}. Look at its pictures, or try: aezoo {use}")
    if result.interrupted:
        note(f"Interrupted: {out} holds the model after {len(result.history['loss'])} epochs.")
        raise typer.Exit(FAILED)


def _has_own_likelihood(variant: Any) -> bool:
    """Return whether the variant's constructor, not that of the base, has a likelihood."""
    own = vars(variant).get("__init__")
    return own is not None and "likelihood" in inspect.signature(own).parameters


def _scores(
    model: Any, data: str, train: Any, size: tuple[int, int] | None, seed: int
) -> dict[str, Any] | None:
    from aezoo.cli import inputs
    from aezoo.evaluation import evaluate

    try:
        test = inputs.split_of(data, "test", size=size)
    except LookupError as error:
        note(f"Not scored: {error}")
        return None
    note("Scoring the model ...")
    return evaluate(model, test, train=train, seed=seed)


def _draw(result: Any, x: Any, seed: int) -> None:
    from aezoo import captions, pictures
    from aezoo.cli import outputs
    from aezoo.data import images

    pictures.loss_plot(result.history, result.directory / "loss.png", overwrite=True)
    if not outputs.is_image(result.model):
        return
    shown = x[:_SHOWN]
    pairs = pictures.pairs(shown, result.model.reconstruct(shown))
    images.write(result.directory / "reconstructions.png", pairs, overwrite=True)
    drawings = outputs.drawings(result.model, _SHOWN, seed=seed, columns=8)
    if drawings:
        images.write(result.directory / "samples.png", captions.stack(drawings), overwrite=True)
