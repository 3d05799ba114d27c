"""The page of `benchmarks.quality`: tables, and a line for all in which aezoo is worse."""

import statistics

from benchmarks import report, scoring

COLUMNS = {
    "Reconstruction, likelihood and cost": {
        "mse": "MSE",
        "nll": "NLL, nats",
        "active_units": "active units",
        "seconds": "s an epoch",
        "processor": "processor s an epoch",
        "megabytes": "peak MB",
        "imports": "MB at start",
    },
    "KID of generated images, lower is better": {f"kid {s}": s for s in scoring.SAMPLERS},
    "Coverage of generated images, higher is better": {
        f"coverage {s}": s for s in scoring.SAMPLERS
    },
}


def render(results):
    """Returns the page as lines.

    Args:
        results: What `quality.run` measured.
    """
    summaries = group(results["records"])
    paired = {(network, variant) for network, variant, library in summaries if library == "pythae"}
    networks = dict.fromkeys(network for network, _, _ in summaries)
    lines = [*report.head("aezoo and pythae: quality", results), *method(results)]
    for network in networks:
        chosen = {k: v for k, v in summaries.items() if k[0] == network and k[:2] in paired}
        if chosen:
            lines += section(f"Both libraries, {network}", chosen)
    lines += ["", "## Where aezoo is worse", "", *sentences(summaries)]
    failed = [record for record in results["records"] if "failed" in record]
    if failed:
        lines += ["", "## What failed", "", *map(failure, failed)]
    for network in networks:
        chosen = {k: v for k, v in summaries.items() if k[0] == network and k[:2] not in paired}
        if chosen:
            lines += section(f"aezoo alone, {network}", chosen)
    return lines + report.peer_environment()


def method(results):
    """Returns the lines that say what was equal and how the numbers were made."""
    common, epochs = results["common"], results["epochs"]
    passes = ", ".join(f"{n} epochs for {network}" for network, n in epochs.items())
    trained = [r for r in results["records"] if "computed" in r]
    how = (r["computed"] for r in trained if r["job"]["library"] == "aezoo")
    computed = next(how, "nothing trained")
    equal = f"""
        Fashion-MNIST: {results["samples"]:,} images of the training split, {passes}; measured on
        the test split of 10,000. Adam with a learning rate of {common["learning_rate"]} and an
        epsilon of {common["epsilon"]}, batches of {common["batch"]}, {common["latent_dim"]} latent
        units, Glorot uniform weights and zero biases on both sides. `mlp` is pythae's default
        network, one hidden layer of 512 units each way; `conv` is aezoo's body `conv` (32, 64),
        written in PyTorch for pythae. Objectives are equal term by term; the JSON beside this page
        holds the arguments of both. aezoo computes as `aezoo train --dtype` of the command does
        ({computed}), pythae as its own trainers do.
    """
    measured = f"""
        Cells are the mean over seeds, with the least and greatest. One scorer measures both.
        NLL: importance sampling with {common["nll_draws"]} draws on {common["nll_images"]:,} test
        images. KID and coverage: `kid_classifier` and `coverage`, {common["generated"]:,} generated
        against as many test images. `prior` draws from the model's prior. `normal` and `gmm`
        ({common["components"]} components) are each library's samplers of these names: pythae's
        `normal` is the prior, or N(0, I) where there is none, and aezoo's a Gaussian fitted to the
        codes; of `vamp_vae` it draws from the prior's components with other, wider variances, so
        that `prior` is drawn from the model's density there. `gmm 40` is aezoo's best in
        [samplers.md](samplers.md): 40 components. Seconds are the median epoch but the
        first, processor seconds those of all cores together; the trainings come one after another,
        so that [speed.md](speed.md), where both libraries take turns, is the page to compare
        seconds. Memory is the peak of the process when training ends, and before there is a model:
        what importing the library and its framework, and the images, take.
    """
    lines = report.paragraph(equal) + report.paragraph(measured)
    machines = where(results)
    return lines + report.paragraph(machines) if machines else lines


def where(results):
    """Returns which trainings ran on which machine, where they ran on several."""
    places = {}
    for record in results["records"]:
        job = record["job"]
        found = places.setdefault(record.get("machine", results["machine"]), {})
        found.setdefault((job["network"], job["seed"]), []).append(job["variant"])
    if len(places) < 2:
        return ""
    return "Compare seconds on one machine only. " + " ".join(
        f"{machine}: "
        + "; ".join(
            f"{network}, seed {seed}: {', '.join(dict.fromkeys(variants))}"
            for (network, seed), variants in found.items()
        )
        + "."
        for machine, found in places.items()
    )


def failure(record):
    """Returns the line of a training that failed."""
    job = record["job"]
    what = f"{job['library']}, `{job['variant']}`, {job['network']}, seed {job['seed']}"
    return f"- {what}: {record['failed']}"


def group(records):
    """Returns (network, variant, library) to `scoring.collect` of its seeds, in order."""
    found = {}
    for record in records:
        job = record["job"]
        place = job["network"], job["variant"], job.get("label", job["library"])
        found.setdefault(place, []).append(record["numbers"])
    return {place: scoring.collect(numbers) for place, numbers in found.items()}


def section(title, summaries):
    """Returns the tables of some summaries."""
    lines = ["", f"## {title}"]
    for heading, columns in COLUMNS.items():
        shown = {n: t for n, t in columns.items() if any(n in s for s in summaries.values())}
        if shown:
            rows = [
                [variant, library, *(cell(summary, name) for name in shown)]
                for (_, variant, library), summary in summaries.items()
                if any(name in summary for name in shown)
            ]
            lines += ["", f"### {heading}", "", *report.table(["", "", *shown.values()], rows)]
    return lines


def cell(summary, name):
    """Returns a number's mean, and its spread where there are several seeds."""
    values = summary.get(name, [])
    if len(values) < 2:
        return "".join(f"{value:.4g}" for value in values)
    return f"{statistics.mean(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def sentences(summaries):
    """Returns a line for every number in which aezoo is worse beyond the seeds' spread."""
    lines, heavier, pairs = [], [], 0
    for (network, variant, library), own in summaries.items():
        peer = summaries.get((network, variant, "pythae"))
        if library == "aezoo" and peer:
            pairs += 1
            for name in scoring.worse(own, peer):
                if name == "megabytes":
                    heavier.append((own, peer))
                    continue
                values = f"{cell(own, name)} against {cell(peer, name)}"
                one = "" if len(own[name]) > 1 else " With one seed the spread is not known."
                lines.append(f"- `{variant}`, {network}: {name} {values}.{one}")
    if heavier:
        lines.append(f"- Memory, in {len(heavier)} of {pairs} rows: {memory(heavier)}.")
    return lines or ["Nowhere beyond the spread of the seeds."]


def memory(rows):
    """Returns what aezoo and the peer take, and what of it before there is a model."""
    sides = [
        {name: max(max(row[side][name]) for row in rows) for name in ("megabytes", "imports")}
        for side in (0, 1)
    ]
    own, peer = (f"{s['megabytes']:.0f} MB, {s['imports']:.0f} of them at the start" for s in sides)
    return f"at most {own}, against at most {peer}"
