"""Runs the checks: all failures at once, waivers that must fail, and ids for pytest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from aezoo.testing import bodies, declaration, inference, learning, samplers, storage
from aezoo.testing._expect import ContractError
from aezoo.testing._subjects import resolve

Check = Callable[..., None]

# What depends on the networks, and so runs with every body.
NETWORK_CHECKS: tuple[Check, ...] = (
    inference.check_shapes,
    learning.check_gradients,
    storage.check_storage,
)

CHECKS: dict[str, tuple[Check, ...]] = {
    "variants": (
        declaration.check_name,
        declaration.check_arguments,
        declaration.check_hooks,
        declaration.check_documentation,
        declaration.check_example,
        declaration.check_config,
        declaration.check_hostile_config,
        declaration.check_initialisation,
        inference.check_shapes,
        inference.check_determinism,
        inference.check_seed,
        inference.check_range,
        inference.check_preprocessing,
        inference.check_condition,
        inference.check_encode_skips_decoder,
        inference.check_networks,
        inference.check_compiled_once,
        learning.check_learning,
        learning.check_gradients,
        learning.check_loss,
        learning.check_sample_weights,
        learning.check_targets,
        learning.check_compile,
        storage.check_storage,
        storage.check_hostile_store,
    ),
    "bodies": (
        bodies.check_body_declaration,
        bodies.check_body_config,
        bodies.check_body_networks,
        bodies.check_body_in_model,
    ),
    "samplers": (
        samplers.check_sampler_declaration,
        samplers.check_sampler_config,
        samplers.check_sampler_distribution,
        samplers.check_sampler_round_trip,
        samplers.check_sampler_light_load,
    ),
}


def check_variant(
    variant: str | type,
    *,
    body: str | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> None:
    """Runs every check on a variant.

    Args:
        variant: Registered name, or the class.
        body: None for the whole contract, on the default bodies; or the name of another body,
            for what depends on the networks: shapes, gradients and storage.
        expected_failures: Name of a check to the reason why this variant may break it.

    Raises:
        ContractError: Lists every check that failed, and every waiver of one that passed.
        LookupError: No such variant.

    Example:
        ```python
        check_variant("vae", body="mlp")
        ```
    """
    resolve(variant)
    title = f"{variant!r}" if body is None else f"{variant!r} with body {body!r}"
    _run(_variant_checks(body), variant, f"The variant {title}", expected_failures)


def check_body(body: str, *, expected_failures: Mapping[str, str] | None = None) -> None:
    """Runs every check on a body.

    Args:
        body: Registered name.
        expected_failures: Name of a check to the reason why this body may break it.

    Raises:
        ContractError: Lists every check that failed, and every waiver of one that passed.

    Example:
        ```python
        check_body("conv")
        ```
    """
    _run(CHECKS["bodies"], body, f"The body {body!r}", expected_failures)


def check_sampler(sampler: str, *, expected_failures: Mapping[str, str] | None = None) -> None:
    """Runs every check on a sampler.

    Args:
        sampler: Registered name.
        expected_failures: Name of a check to the reason why this sampler may break it.

    Raises:
        ContractError: Lists every check that failed, and every waiver of one that passed.

    Example:
        ```python
        check_sampler("gmm")
        ```
    """
    _run(CHECKS["samplers"], sampler, f"The sampler {sampler!r}", expected_failures)


def parametrize_checks(
    *names: str | type,
    kind: str = "variants",
    body: str | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Any:
    """Returns a pytest decorator that gives a test one `check` to call a time, with an id each.

    Args:
        *names: Registered names, or classes of variants.
        kind: `"variants"`, `"bodies"` or `"samplers"`.
        body: For variants: None or a body, as in `check_variant`.
        expected_failures: Name of a check to the reason why these names may break it; such a
            test is a strict xfail.

    Returns:
        A `pytest.mark.parametrize` over `check`.

    Raises:
        ValueError: An unknown kind, or a waiver of a check that does not run.

    Example:
        ```python
        @parametrize_checks("vendor/name")
        def test_contract(check):
            check()
        ```
    """
    import pytest

    if kind not in CHECKS:
        raise ValueError(f"kind must be one of {list(CHECKS)}. Received: {kind=!r}.")
    checks = _variant_checks(body) if kind == "variants" else CHECKS[kind]
    waivers = _check_waivers(checks, expected_failures)
    cases = []
    for name in names:
        for check in checks:
            reason = waivers.get(check.__name__)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            title = name if isinstance(name, str) else name.__name__
            title = title if body is None else f"{title}-{body}"
            case = functools.partial(check, name)
            cases.append(pytest.param(case, id=f"{title}-{check.__name__}", marks=marks))
    return pytest.mark.parametrize("check", cases)


def _variant_checks(body: str | None) -> tuple[Check, ...]:
    if body is None:
        return CHECKS["variants"]
    return tuple(
        functools.wraps(check)(functools.partial(check, body=body)) for check in NETWORK_CHECKS
    )


def _check_waivers(checks: tuple[Check, ...], waivers: Mapping[str, str] | None) -> dict[str, str]:
    known = [check.__name__ for check in checks]
    for name in waivers or {}:
        if name not in known:
            raise ValueError(
                f"expected_failures names a check that does not run here; there are "
                f"{', '.join(known)}. Received: {name!r}."
            )
    return dict(waivers or {})


def _run(
    checks: tuple[Check, ...], name: Any, title: str, expected_failures: Mapping[str, str] | None
) -> None:
    waivers = _check_waivers(checks, expected_failures)
    failures, causes = [], []
    for check in checks:
        try:
            check(name)
        except Exception as error:
            if check.__name__ not in waivers:
                kind = "" if isinstance(error, ContractError) else f"{type(error).__name__}: "
                failures.append(f"{check.__name__}: {kind}{error}")
                causes.append(error)
        else:
            if check.__name__ in waivers:
                reason = waivers[check.__name__]
                failures.append(f"{check.__name__}: passes; remove its waiver ({reason!r}).")
    if failures:
        listing = "\n  ".join(failures)
        message = f"{title} breaks {len(failures)} of {len(checks)} checks:\n  {listing}"
        raise ContractError(message) from (ExceptionGroup(title, causes) if causes else None)
