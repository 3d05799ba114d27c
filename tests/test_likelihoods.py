from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.special
import scipy.stats
from keras import ops

from aezoo import likelihoods, schema

RNG = np.random.default_rng(0)
TARGET = RNG.random((6, 4, 3)).astype("float32")
OUTPUT = RNG.normal(size=(6, 4, 3)).astype("float32")


def build(spec):
    return schema.build(spec, likelihoods.find, "likelihood")


def nll(likelihood, target=TARGET, output=OUTPUT, training=False):
    return ops.convert_to_numpy(likelihood.nll(target, output, training=training))


def total(array):
    return array.reshape(len(array), -1).sum(axis=1)


@pytest.mark.parametrize("scale", [0.05, 1, 3.0])
def test_gaussian_is_minus_the_log_density(scale):
    expected = -total(scipy.stats.norm.logpdf(TARGET, OUTPUT, scale))
    likelihood = build({"name": "gaussian", "scale": scale})
    np.testing.assert_allclose(nll(likelihood), expected, rtol=1e-4)
    assert np.array_equal(nll(likelihood), nll(likelihood, training=True))
    assert likelihood.weights == []


@pytest.mark.parametrize("scale", [0.05, 1, 3.0])
@pytest.mark.parametrize("link", ["identity", "sigmoid"])
def test_laplace_is_minus_the_log_density(scale, link):
    mean = scipy.special.expit(OUTPUT) if link == "sigmoid" else OUTPUT
    expected = -total(scipy.stats.laplace.logpdf(TARGET, mean, scale))
    likelihood = build({"name": "laplace", "scale": scale, "link": link})
    np.testing.assert_allclose(nll(likelihood), expected, rtol=1e-4)
    assert np.allclose(likelihood.mean(OUTPUT), mean, atol=1e-6)
    assert likelihood.unit == (link == "sigmoid")


def test_a_unit_gaussian_is_half_the_squared_error():
    constant = 0.5 * 12 * np.log(2 * np.pi)
    expected = 0.5 * total((TARGET - OUTPUT) ** 2) + constant
    np.testing.assert_allclose(nll(build("gaussian")), expected, rtol=1e-5)


def test_the_batch_scale_is_the_one_with_the_highest_likelihood():
    found = nll(build({"name": "gaussian", "scale": "batch"}), training=True).sum()
    scales = np.linspace(0.5, 2.5, 401)
    candidates = [-scipy.stats.norm.logpdf(TARGET, OUTPUT, scale).sum() for scale in scales]
    assert found == pytest.approx(min(candidates), rel=1e-5)
    assert found <= min(candidates) + 1e-3


def test_the_batch_scale_at_inference_is_the_running_mean_of_training():
    likelihood = build({"name": "gaussian", "scale": "batch"})
    outputs = [TARGET + scale for scale in (0.1, 0.2, 0.4)]
    for output in outputs:
        nll(likelihood, output=output, training=True)
    scale = (0.1 * 0.2 * 0.4) ** (1 / 3)
    expected = -total(scipy.stats.norm.logpdf(TARGET, OUTPUT, scale))
    np.testing.assert_allclose(nll(likelihood), expected, rtol=1e-4)
    state = [ops.convert_to_numpy(w).tolist() for w in likelihood.weights]
    assert np.array_equal(nll(likelihood), nll(likelihood))
    assert [ops.convert_to_numpy(w).tolist() for w in likelihood.weights] == state


def test_the_running_scale_forgets_with_a_decay_of_99_hundredths():
    likelihood = build({"name": "gaussian", "scale": "batch"})
    likelihood.steps.assign(100.0)
    likelihood.running_log_variance.assign(1.0)
    nll(likelihood, output=TARGET + 1, training=True)
    assert float(likelihood.running_log_variance.numpy()) == pytest.approx(0.99)
    assert float(likelihood.steps.numpy()) == 100


def test_a_perfect_batch_does_not_divide_by_zero():
    likelihood = build({"name": "gaussian", "scale": "batch"})
    assert np.isfinite(nll(likelihood, output=TARGET, training=True)).all()
    assert np.isfinite(nll(likelihood)).all()


def test_bernoulli_is_the_cross_entropy_of_the_sigmoid():
    rate = scipy.special.expit(OUTPUT.astype("float64"))
    likelihood = build("bernoulli")
    expected = -total(TARGET * np.log(rate) + (1 - TARGET) * np.log(1 - rate))
    np.testing.assert_allclose(nll(likelihood), expected, rtol=1e-5)
    np.testing.assert_allclose(likelihood.mean(OUTPUT), rate, rtol=1e-5)


@pytest.mark.parametrize("spec", ["gaussian", "laplace", "bernoulli"])
def test_half_precision_outputs_become_float32(spec):
    likelihood = build(spec)
    output = ops.cast(OUTPUT, "bfloat16")
    assert likelihood.mean(output).dtype == "float32"
    assert likelihood.nll(TARGET, output).dtype == "float32"
    assert likelihood.parameter_shape([4, 3]) == (4, 3)


@pytest.mark.parametrize("scale", [0, -1.0, 1e5, "median", None, True, float("nan")])
def test_a_scale_out_of_bounds_is_refused(scale):
    with pytest.raises(ValueError, match="Gaussian's scale must be a number"):
        build({"name": "gaussian", "scale": scale})


def test_specs_are_complete_json():
    spec = build({"name": "gaussian", "scale": "batch"}).spec
    assert json.loads(json.dumps(spec)) == {
        "name": "gaussian",
        "scale": "batch",
        "link": "identity",
    }
    assert build("gaussian").spec == {"name": "gaussian", "scale": 1.0, "link": "identity"}
    with pytest.raises(
        ValueError, match=r"likelihood must be one of \['bernoulli', 'gaussian', 'laplace'\]"
    ):
        build("poisson")


def test_a_sigmoid_link_keeps_the_mean_between_0_and_1():
    plain, linked = build("gaussian"), build({"name": "gaussian", "link": "sigmoid"})
    assert linked.unit
    assert not plain.unit
    mean = scipy.special.expit(OUTPUT)
    np.testing.assert_allclose(linked.mean(OUTPUT), mean, atol=1e-6)
    np.testing.assert_allclose(nll(linked), nll(plain, output=mean), rtol=1e-5)
