"""The contract of `aezoo.testing`, over everything that is registered."""

from __future__ import annotations

import pytest

import aezoo_registry
from aezoo.testing import NETWORK_CHECKS, parametrize_checks

VARIANTS = aezoo_registry.names("variants")
BODIES = aezoo_registry.names("bodies")

# Checks that the mathematics of a variant rules out, each with the reason.
COUPLED = {"check_sample_weights": "a term compares the samples of a batch with each other"}
AHEAD = {"check_learning": "it starts from the classical estimate, so that little is left to learn"}
LAYERED = {"check_encode_skips_decoder": "its code ends in what the decoder leaves of the sample"}
WAIVERS = {
    **dict.fromkeys(("beta_tc_vae", "info_vae", "neighbour_ae", "wae_mmd"), COUPLED),
    "restorer": AHEAD,
    "compressor": LAYERED,
}
SEPARATE = {"check_sampler_distribution": "it draws the numbers of a code independently"}
SAMPLERS = aezoo_registry.names("samplers")


def contract(names):
    """The checks of every variant, with its waivers."""
    marks = [parametrize_checks(name, expected_failures=WAIVERS.get(name)) for name in names]
    return pytest.mark.parametrize("check", [case for mark in marks for case in mark.args[1]])


@contract(VARIANTS)
def test_variant(check):
    check()


# The contract of a variant runs on images, whose default body is conv; that of a body on `ae`.
@pytest.mark.parametrize("check", NETWORK_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("body", [name for name in BODIES if name != "conv"])
@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "ae"])
def test_variant_with_body(variant, body, check):
    check(variant, body)


@parametrize_checks(*BODIES, kind="bodies")
def test_body(check):
    check()


@parametrize_checks(*[name for name in SAMPLERS if name != "histogram"], kind="samplers")
def test_sampler(check):
    check()


@parametrize_checks("histogram", kind="samplers", expected_failures=SEPARATE)
def test_sampler_of_separate_numbers(check):
    check()
