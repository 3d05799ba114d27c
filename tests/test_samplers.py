from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aezoo.samplers import build
from aezoo.samplers.normal import factor

CENTRES = np.array([[-6.0, 0.0], [0.0, 6.0], [6.0, -2.0], [0.0, -7.0], [9.0, 9.0]])


def noise(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.fixture(scope="module")
def clusters():
    rng = np.random.default_rng(0)
    labels = rng.choice(5, size=1500, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    return (CENTRES[labels] + 0.5 * rng.standard_normal((1500, 2))).astype("float32")


@pytest.fixture(scope="module")
def mixture(clusters):
    return build("gmm").fit(clusters, seed=0)


def reloaded(sampler):
    return build(sampler.spec).load(sampler.arrays())


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 1000))
@settings(max_examples=25)
def test_factor_is_a_square_root_of_any_covariance(d, rank, seed):
    root = noise(d, rank, seed)
    covariance = root @ root.T
    found = factor(covariance)
    np.testing.assert_allclose(found @ found.T, covariance, atol=1e-8 * max(1, covariance.max()))


def test_normal_recovers_mean_and_covariance():
    root = np.array([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [-3.0, 0.2, 0.1]])
    codes = noise(20000, 3) @ root.T + [1.0, -2.0, 30.0]
    sampler = build("normal").fit(codes)
    drawn = sampler.transform(noise(20000, 3, seed=1))
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.2)
    np.testing.assert_allclose(sampler.factor @ sampler.factor.T, np.cov(codes.T), atol=1e-9)


def test_normal_keeps_to_the_plane_of_singular_codes():
    flat = noise(500, 2) @ np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0]]) + [0.0, 0.0, 5.0]
    drawn = build("normal").fit(flat).transform(noise(100, 3, seed=1))
    np.testing.assert_allclose(drawn[:, 2], 5.0, atol=1e-4)
    assert np.linalg.matrix_rank(np.cov(drawn[:, :2].T)) == 2


def test_one_code_is_all_that_normal_then_knows():
    code = np.array([[1.0, -2.0]], "float32")
    drawn = build("normal").fit(code).transform(noise(5, 2))
    np.testing.assert_array_equal(drawn, np.repeat(code, 5, axis=0))


def test_gmm_finds_the_clusters_by_held_out_likelihood(mixture):
    heavy = mixture.weights > 0.05
    assert heavy.sum() == 5
    for centre in CENTRES:
        assert np.abs(mixture.means[heavy] - centre).max(axis=1).min() < 0.2
    assert mixture.weights.sum() == pytest.approx(1.0)


def test_gmm_draws_the_shares_and_spreads_of_the_clusters(clusters, mixture):
    drawn = mixture.transform(noise(6000, 3, seed=1))
    assert drawn.dtype == np.float32
    for centre in CENTRES:
        near, true = (np.abs(a - centre).max(axis=1) < 2.5 for a in (drawn, clusters))
        assert near.mean() == pytest.approx(true.mean(), abs=0.03)
        np.testing.assert_allclose(drawn[near].std(axis=0), 0.5, atol=0.1)


def test_gmm_of_one_gaussian_is_one_component():
    codes = noise(150, 3) @ np.diag([1.0, 2.0, 3.0])
    sampler = build("gmm").fit(codes)
    assert sampler.means.shape == (1, 3)
    np.testing.assert_allclose(
        sampler.factors[0] @ sampler.factors[0].T, np.cov(codes.T, bias=True), atol=1e-4
    )


def test_components_and_limit_are_taken_as_given(clusters):
    assert build({"name": "gmm", "components": 3}).fit(clusters).means.shape == (3, 2)
    limited = build({"name": "gmm", "components": 2, "limit": 2}).fit(clusters)
    found = {tuple(row) for row in limited.means.astype("float32")}
    assert found <= {tuple(row) for row in clusters}


def test_gmm_is_a_function_of_its_seed(clusters):
    fits = [build("gmm").fit(clusters[:120], seed=seed).arrays() for seed in (0, 0, 1)]
    assert all(np.array_equal(fits[0][name], fits[1][name]) for name in fits[0])
    assert not np.array_equal(fits[0]["means"], fits[2]["means"])


@pytest.mark.parametrize("name", ["normal", "gmm"])
def test_what_is_stored_draws_the_same_bits(name, clusters, mixture):
    fitted = mixture if name == "gmm" else build(name).fit(clusters)
    first = reloaded(fitted)
    assert all(array.dtype == np.float32 for array in fitted.arrays().values())
    draws = noise(50, first.noise_dim)
    np.testing.assert_array_equal(first.transform(draws), reloaded(first).transform(draws))
    np.testing.assert_allclose(first.transform(draws), fitted.transform(draws), atol=1e-4)
    np.testing.assert_array_equal(first.transform(draws), first.transform(draws.copy()))


def test_a_row_of_noise_gives_a_code_whatever_stands_beside_it(mixture):
    draws = noise(40, 3)
    alone = np.concatenate([mixture.transform(row[None]) for row in draws])
    np.testing.assert_allclose(mixture.transform(draws), alone, atol=1e-5)


def test_many_draws_take_memory_in_proportion_to_the_codes():
    program = """
        import resource
        import numpy as np
        from aezoo.samplers import build
        d = 64
        gmm = build("gmm").load({
            "weights": np.ones(2, "float32"),
            "means": np.zeros((2, d), "float32"),
            "factors": np.stack([np.eye(d, dtype="float32")] * 2),
        })
        noise = np.random.default_rng(0).standard_normal((40_000, d + 1))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        gmm.transform(noise)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert grown < 200, grown
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_loading_imports_no_scikit_learn():
    program = """
        import sys
        import numpy as np
        from aezoo.samplers import build
        arrays = {"weights": np.ones(1), "means": np.zeros((1, 2)), "factors": np.ones((1, 2, 2))}
        build("gmm").load(arrays).transform(np.zeros((3, 3)))
        assert not {"sklearn", "keras", "tensorflow"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_too_few_codes_say_so(clusters):
    with pytest.raises(ValueError, match=r"Received: 1 samples, components=None"):
        build("gmm").fit(clusters[:1])
    with pytest.raises(ValueError, match=r"Received: 3 samples, components=4"):
        build({"name": "gmm", "components": 4}).fit(clusters[:3])
    assert build("gmm").fit(clusters[:2]).means.shape == (1, 2)


NORMAL = {"mean": np.zeros(2, "float32"), "factor": np.eye(2, dtype="float32")}
GMM = {
    "weights": np.array([0.5, 0.5], "float32"),
    "means": np.zeros((2, 3), "float32"),
    "factors": np.zeros((2, 3, 3), "float32"),
}


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("normal", {}),
        ("normal", {"mean": NORMAL["mean"]}),
        ("normal", {**NORMAL, "extra": np.zeros(1)}),
        ("normal", {**NORMAL, "factor": np.eye(3)}),
        ("normal", {**NORMAL, "mean": np.zeros((1, 2))}),
        ("normal", {**NORMAL, "mean": np.zeros(())}),
        ("gmm", {}),
        ("gmm", {**GMM, "weights": np.ones(3)}),
        ("gmm", {**GMM, "weights": np.array([1.5, -0.5])}),
        ("gmm", {**GMM, "weights": np.zeros(2)}),
        ("gmm", {**GMM, "means": np.zeros(3)}),
        ("gmm", {**GMM, "factors": np.zeros((2, 3, 2))}),
        ("gmm", {**GMM, "extra": np.zeros(1)}),
        ("gmm", {name: array[:0] for name, array in GMM.items()}),
        ("gmm", NORMAL),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, arrays):
    with pytest.raises(ValueError, match=f"'{name}'"):
        build(name).load(arrays)


def test_arrays_whose_codes_would_overflow_are_refused():
    far = {"mean": np.zeros(2, "float32"), "factor": np.full((2, 2), 1e37, "float32")}
    assert np.isfinite(build("normal").load(far).transform(noise(3, 2))).all()
    far["factor"] *= 10
    with pytest.raises(ValueError, match="codes of sampler 'normal' are not finite"):
        build("normal").load(far)
    parts = {"weights": np.ones(2, "float32"), "means": np.zeros((2, 1), "float32")}
    factors = np.ones((2, 1, 1), "float32")
    build("gmm").load({**parts, "factors": factors})
    factors[1] = 3e38
    with pytest.raises(ValueError, match="codes of sampler 'gmm' are not finite"):
        build("gmm").load({**parts, "factors": factors})


def test_a_gmm_has_the_components_that_it_says():
    parts = {"weights": np.ones(2, "float32"), "means": np.zeros((2, 1), "float32")}
    arrays = {**parts, "factors": np.ones((2, 1, 1), "float32")}
    build({"name": "gmm", "components": 2}).load(arrays)
    with pytest.raises(ValueError, match="has 2 components, expected 7"):
        build({"name": "gmm", "components": 7}).load(arrays)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("norml", LookupError),
        ({"name": "gmm", "components": 0}, ValueError),
        ({"name": "gmm", "components": 10**9}, ValueError),
        ({"name": "gmm", "limit": 1}, ValueError),
        ({"name": "normal", "components": 2}, ValueError),
        ({"components": 2}, ValueError),
    ],
)
def test_bad_specs_are_refused(spec, error):
    with pytest.raises(error, match=r"Received|normal"):
        build(spec)
