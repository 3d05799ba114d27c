"""`aezoo detect-anomalies`."""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aezoo.cli.options import Engine, Force, Json, Seed, Split
from aezoo.cli.photos import Source

if TYPE_CHECKING:
    import numpy as np

    from aezoo.cli.inputs import Inputs

_SHOWN = 24
_TABLES = (".csv", ".json")


def detect_anomalies(
    samples: Annotated[
        str | None,
        typer.Argument(
            metavar="INPUT",
            show_default=False,
            help="What to judge: a dataset (`aezoo list datasets`), an image file, a folder of "
            "images, or an .npz or .npy file.",
        ),
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(
            "--fit",
            metavar="NORMAL",
            show_default=False,
            help="Normal samples to learn from, as INPUT; of a dataset the training split.",
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            show_default=False,
            help="With --fit a dataset: what is normal, a label; repeatable. With --evaluate: the "
            "classes, by default all.",
        ),
    ] = None,
    model: Source = None,
    score: Annotated[
        str | None,
        typer.Option(
            "--score",
            show_default="layers, of few samples reconstruction",
            help="layers, rapp, reconstruction, erasing, mahalanobis, gmm or elbo.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            show_default="0.05",
            help="False-positive rate: the share of normal samples that may be called anomalies.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", show_default=False, help="The scores, a .csv or .json file."),
    ] = None,
    heat_maps: Annotated[
        Path | None,
        typer.Option(
            "--heat-maps",
            show_default=False,
            help="A picture (.png, .jpg) of the 24 most abnormal images, those of `shown`, and of "
            "where the model errs in them.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", show_default=False, help="Directory for the fitted detector, for later."
        ),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option(
            "--detector", show_default=False, help="A detector that --save wrote, instead of --fit."
        ),
    ] = None,
    size: Annotated[
        str,
        typer.Option(
            "--size",
            metavar="HEIGHTxWIDTH",
            help="What images of a folder are cropped and resized to where no model says it.",
        ),
    ] = "32x32",
    split: Split = "test",
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="Score detection on the test split of --data, each class in turn being normal, "
            "beside PCA and a one-class SVM.",
        ),
    ] = False,
    data: Annotated[
        str | None,
        typer.Option("--data", show_default=False, help="With --evaluate: a dataset with labels."),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option("--seeds", min=1, help="With --evaluate: seeds that figures are means over."),
    ] = 1,
    engine: Engine = "keras",
    seed: Seed = 0,
    force: Force = False,
    json: Json = False,
) -> None:
    """Find what is not normal, at a stated false-positive rate, from normal samples alone.

    Without --model a network is trained on the normal samples, which takes a minute. Part of them
    is held back to set the threshold.
    """
    from aezoo.cli.console import show_facts, show_json

    received = f"Received: INPUT={samples!r}, {fit=}, detector={detector and str(detector)!r}."
    settings = {"score": score, "rate": rate}
    given = {name: value for name, value in settings.items() if value is not None}
    if evaluate:
        if data is None or samples or fit or detector:
            raise ValueError(f"--evaluate takes a dataset with labels as --data alone. {received}")
        _evaluate(data, label, model, engine, seeds, seed, json, given)
        return
    if (fit is None) == (detector is None):
        raise ValueError(f"Name normal samples with --fit, or a --detector. {received}")
    if detector and (given or model or label or save):
        raise ValueError(
            "A detector has its model, score and rate already: leave --model, --score, --rate, "
            f"--label and --save to --fit. {received}"
        )
    if samples is None and save is None:
        raise ValueError(f"Name what to judge as INPUT, or keep the detector by --save. {received}")
    _check_targets(out, heat_maps, save, force)
    broken = False
    if detector is not None:
        found = _read(detector, engine)
    else:
        found, broken = _fit(str(fit), label, model, engine, size, seed, given)
    facts: dict[str, Any] = _facts(found)
    if save is not None:
        from aezoo.tasks import anomaly_store

        anomaly_store.save(found, save, overwrite=force)
        facts["detector"] = str(save)
    if samples is not None:
        judged, missing = _judge(found, samples, split, label, out, heat_maps, force)
        facts, broken = facts | judged, broken or missing
    show_json(facts) if json else show_facts(facts)
    if broken:
        raise typer.Exit(1)


def _check_targets(
    out: Path | None, heat_maps: Path | None, save: Path | None, force: bool
) -> None:
    from aezoo.cli import outputs

    if out is not None:
        outputs.check(out, force=force, suffixes=_TABLES)
    if heat_maps is not None:
        outputs.check(heat_maps, force=force, suffixes=outputs.PICTURES)
    if save is not None:
        from aezoo.tasks import anomaly_store

        anomaly_store.check_target(save, overwrite=force)


def _read(directory: Path, engine: str) -> Any:
    from aezoo.cli.console import quiet_import
    from aezoo.tasks import anomaly_store

    with quiet_import():
        return anomaly_store.load(directory, engine=engine)


def _fit(
    source: str,
    label: list[str] | None,
    model: str | None,
    engine: str,
    size: str,
    seed: int,
    given: dict[str, Any],
) -> tuple[Any, bool]:
    """Return a fitted detector, and whether files were left out."""
    import numpy as np

    from aezoo.cli import inputs, models
    from aezoo.cli.console import note, quiet_import
    from aezoo.tasks.anomaly_detector import Detector

    network = None if model is None else models.load(model, engine)
    detector = Detector(network, seed=seed, **given)
    found = inputs.read(source, network or _stand_in(source, size), split="train")
    x = found.array()
    if label:
        x = x[_labelled(found, label, source)]
    if network is None and x.ndim == 3 and x.dtype == np.uint8:
        x = x[..., None]
    if network is None:
        note(f"Training a model on {len(x)} normal samples ...")
    with quiet_import():
        return detector.fit(x), bool(found.left_out)


def _stand_in(source: str, size: str) -> Any:
    """Return what tells `inputs.read` the shape of images where there is no model."""
    from aezoo.cli import inputs
    from aezoo.cli.settings import parse_size
    from aezoo.data import images

    place = inputs.find(source.rpartition(":")[0] or source)
    files = images.scan(place) if isinstance(place, Path) and place.is_dir() else [Path(place)]
    channels = 3 if any(map(images.is_colour, files)) else 1
    return types.SimpleNamespace(sample_shape=(*(parse_size(size) or ()), channels))


def _labelled(found: Inputs, label: list[str], source: str) -> np.ndarray:
    """Return where samples have one of the labels."""
    import numpy as np

    if found.labels is None:
        raise ValueError(f"--label needs a dataset with labels. Received: --fit {source}.")
    names = found.labels.astype(str)
    unknown = sorted(set(label) - set(names.tolist()))
    if unknown:
        known = ", ".join(sorted(set(names.tolist()))[:30])
        raise LookupError(f"There is no such label; there are {known}. Received: {unknown[0]!r}.")
    return np.isin(names, label)


def _facts(detector: Any) -> dict[str, Any]:
    return {
        "model": detector.model.variant,
        "score": detector.name,
        "rate": detector.rate,
        "threshold": detector.threshold,
        "fitted": detector.n_fitted,
        "held_back": len(detector.calibration),
    }


def _judge(
    detector: Any,
    source: str,
    split: str,
    label: list[str] | None,
    out: Path | None,
    heat_maps: Path | None,
    force: bool,
) -> tuple[dict[str, Any], bool]:
    """Judge samples and write what comes out; return facts, and whether files were left out."""
    import numpy as np

    from aezoo.cli import inputs, outputs
    from aezoo.cli.console import note
    from aezoo.data import images
    from aezoo.tasks import anomalies

    if heat_maps is not None:
        outputs.check_kind(heat_maps, detector.model)
    found = inputs.read(source, detector.model, split=split)
    scores, shown, worst = np.empty(0), np.empty(0, int), None
    for batch, _ in found.parts():
        seen = len(scores)
        scores = np.concatenate([scores, detector.score(batch)])
        both = batch if worst is None else np.concatenate([worst, batch])
        places = np.concatenate([shown, np.arange(seen, len(scores))])
        rows = np.argsort(-scores[places], kind="stable")[:_SHOWN]
        worst, shown = both[rows], places[rows]
    labels = scores > detector.threshold
    files = found.known().get("files")
    if out is not None:
        names = {"index": [*range(len(scores))]} if files is None else {"file": files.tolist()}
        columns: dict[str, Any] = {**names}
        if found.labels is not None:
            columns["label"] = found.labels.tolist()
        columns |= {"score": scores.tolist(), "p_value": detector.p_values(scores).tolist()}
        columns["anomaly"] = labels.astype(int).tolist()
        _write(out, columns, _facts(detector), force)
        note(f"Wrote {out}.")
    if heat_maps is not None:
        picture = anomalies.judge(detector, worst).picture(count=_SHOWN)
        images.write(heat_maps, picture, overwrite=force)
        note(f"Wrote {heat_maps}.")
    facts: dict[str, Any] = {"samples": len(scores), "anomalies": int(labels.sum())}
    if heat_maps is not None:  # in the order of the picture, row by row
        facts["shown"] = (shown if files is None else files[shown]).tolist()
    if label and found.labels is not None:
        abnormal = ~np.isin(found.labels.astype(str), label)
        if abnormal.any() and not abnormal.all():
            facts["false_positives"] = float(labels[~abnormal].mean())
            facts["found"] = float(labels[abnormal].mean())
            facts["auroc"] = anomalies.auroc(scores, abnormal) / 100
    return facts, bool(found.left_out)


def _write(path: Path, columns: dict[str, Any], facts: dict[str, Any], force: bool) -> None:
    """Write scores as a table, or as JSON with the facts of the detector."""
    import csv
    import io
    import json

    from aezoo.data.images import new_file

    rows = [*zip(*columns.values(), strict=True)]
    text = io.StringIO(newline="")
    if path.suffix.lower() == ".csv":
        csv.writer(text, lineterminator="\n").writerows([[*columns], *rows])
    else:
        samples = [dict(zip(columns, row, strict=True)) for row in rows]
        json.dump({**facts, "samples": samples}, text, indent=2, allow_nan=False)
    with new_file(path, overwrite=force) as file:
        file.write(text.getvalue().encode())


def _evaluate(
    data: str,
    label: list[str] | None,
    model: str | None,
    engine: str,
    seeds: int,
    seed: int,
    json: bool,
    given: dict[str, Any],
) -> None:
    from aezoo.cli import inputs, models
    from aezoo.cli.console import quiet_import, show_json, show_table
    from aezoo.tasks import anomalies

    network = None if model is None else models.load(model, engine)
    train, test = (inputs.split_of(data, part) for part in ("train", "test"))
    with quiet_import():
        found = anomalies.evaluate(
            test, train=train, model=network, labels=label, seeds=seeds, seed=seed, **given
        )
    if json:
        show_json(found)
        return
    ((condition, means),) = found["scores"].items()
    rows = [
        [name, *(f"{value:.2f}" for value in row.values())]
        for name, row in zip(found["classes"], found["images"][condition], strict=True)
    ]
    rows.append(["mean", *(f"{value:.2f}" for value in means.values())])
    show_table([f"normal class, {condition}, %", *(f"{name} " for name in means)], rows)
    typer.echo(
        f"{found['samples']} test samples of {found['dataset']}, {seeds} seeds; of normal ones "
        f"{found['false_positives']:.1%} were called anomalies, at a rate of {found['rate']:.1%}."
    )
    for sentence in found["verdict"]:
        typer.echo(sentence)
