"""What a check says when something is not as the contract has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

TOLERANCE = 1e-5


class ContractError(AssertionError):
    """A part of the contract is broken; says which and how."""


def expect(condition: Any, message: str) -> None:
    """Raises ContractError with `message` unless `condition` holds."""
    if not condition:
        raise ContractError(message)


def expect_equal(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Raises ContractError unless two arrays are equal to the last bit."""
    _expect_shape(found, expected, what)
    expect(
        np.array_equal(found, expected),
        f"{what}: expected equality to the last bit, found a difference of "
        f"{_distance(found, expected):.2g}.",
    )


def expect_close(found: Any, expected: Any, what: str, tolerance: float = TOLERANCE) -> None:
    """Raises ContractError unless two arrays agree, relative to the largest expected value."""
    found, expected = np.asarray(found), np.asarray(expected)
    _expect_shape(found, expected, what)
    allowed = tolerance * max(1.0, float(np.max(np.abs(expected))))
    distance = _distance(found, expected)
    expect(
        distance <= allowed,
        f"{what}: found a difference of {distance:.2g}, allowed is {allowed:.2g}.",
    )


def expect_refusal(
    call: Callable[[], Any],
    what: str,
    *,
    mention: str = "",
    errors: tuple[type[Exception], ...] = (ValueError,),
) -> None:
    """Raises ContractError unless `call` raises one of `errors` with `mention` in its message."""
    try:
        call()
    except errors as error:
        expect(
            mention in str(error),
            f"{what}: the error must mention {mention!r}. Received: {error}",
        )
    except Exception as error:
        names = " or ".join(e.__name__ for e in errors)
        raise ContractError(
            f"{what}: expected {names}, found {type(error).__name__}: {error}"
        ) from error
    else:
        raise ContractError(f"{what}: expected a refusal, but it was accepted.")


def _expect_shape(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    expect(
        found.shape == expected.shape,
        f"{what}: expected shape {expected.shape}, found {found.shape}.",
    )


def _distance(found: np.ndarray, expected: np.ndarray) -> float:
    """Returns the largest difference; NaN counts as infinite."""
    difference = np.abs(found.astype("float64") - expected.astype("float64"))
    return float(np.max(np.nan_to_num(difference, nan=np.inf)))
