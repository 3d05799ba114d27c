import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aezoo.arrays import check_codes, check_samples, check_tokens, to_uint8, to_unit


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=4)))
def test_uint8_passes_unchanged(x):
    assert check_samples(x, x.shape[1:]) is x


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, ">f4"]),
        hnp.array_shapes(min_dims=2, max_dims=4),
        elements=st.floats(0, 1, width=16),
    )
)
def test_floats_become_float32_with_the_same_values(x):
    samples = check_samples(x, x.shape[1:])
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, x)


@given(hnp.arrays(np.uint8, (3, 4), elements=st.integers(0, 255)))
def test_pixels_survive_the_way_to_unit_and_back(x):
    assert to_unit(x).dtype == np.float32
    np.testing.assert_array_equal(to_uint8(to_unit(x)), x)


def test_float32_is_not_copied():
    x = np.zeros((2, 3), np.float32)
    assert np.shares_memory(check_samples(x, (3,)), x)


def test_bool_becomes_zero_and_one():
    samples = check_samples([[True, False]], (2,))
    assert samples.dtype == np.float32
    assert samples.tolist() == [[1.0, 0.0]]


def test_bfloat16_becomes_float32():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    samples = check_samples(np.full((2, 3), 0.5, ml_dtypes.bfloat16), (3,))
    assert samples.dtype == np.float32
    assert samples.tolist() == [[0.5] * 3] * 2


def test_whatever_has_an_array_interface_is_read():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.full((2, 3), 0.25)

    assert check_samples(Tensor(), (3,)).tolist() == [[0.25] * 3] * 2


def test_a_tensor_that_cannot_become_an_array_is_explained():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("requires grad.\nsecond line")

    with pytest.raises(ValueError, match=r"x cannot be read .* requires grad\. .*'Tensor'"):
        check_samples(Tensor(), (3,))


@pytest.mark.parametrize(
    ("shape", "sample_shape", "hint"),
    [
        ((28, 28, 1), (28, 28, 1), r"single sample pass `x\[None\]`"),
        ((5, 28, 28), (28, 28, 1), r"channel axis is missing: pass `x\[\.\.\., None\]`"),
        ((28, 28), (28, 28, 1), r"pass `x\[None, \.\.\., None\]`"),
        ((5, 3, 32, 48), (32, 48, 3), r"np\.moveaxis\(x, 1, -1\)"),
        ((3, 32, 48), (32, 48, 3), r"np\.moveaxis\(x, 0, -1\)\[None\]"),
        ((5, 784), (28, 28, 1), r"x\.reshape\(-1, \*\(28, 28, 1\)\)"),
        ((5, 28, 28), (784,), r"x\.reshape\(len\(x\), -1\)"),
        ((5, 28, 28, 3), (28, 28, 1), "3 channels instead of 1"),
        ((5, 48, 32, 3), (32, 48, 3), "another size"),
        ((), (4,), "first axis counts"),
    ],
)
def test_wrong_shapes_say_what_to_do(shape, sample_shape, hint):
    with pytest.raises(ValueError, match=hint) as caught:
        check_samples(np.zeros(shape), sample_shape)
    assert str(caught.value).endswith(f"Received: x.shape={shape!r}.")


@pytest.mark.parametrize(
    ("shape", "sample_shape", "hint"),
    [
        ((28, 28, 1), (28, 28, 1), lambda x: x[None]),
        ((5, 28, 28), (28, 28, 1), lambda x: x[..., None]),
        ((28, 28), (28, 28, 1), lambda x: x[None, ..., None]),
        ((5, 3, 32, 48), (32, 48, 3), lambda x: np.moveaxis(x, 1, -1)),
        ((3, 32, 48), (32, 48, 3), lambda x: np.moveaxis(x, 0, -1)[None]),
        ((5, 784), (28, 28, 1), lambda x: x.reshape(-1, *(28, 28, 1))),
        ((5, 28, 28), (784,), lambda x: x.reshape(len(x), -1)),
    ],
)
def test_the_advice_on_shapes_works(shape, sample_shape, hint):
    assert check_samples(hint(np.zeros(shape)), sample_shape).shape[1:] == sample_shape


@pytest.mark.parametrize("x", [[], np.zeros((0, 3)), np.zeros((0, 3), np.uint8)])
def test_empty_is_refused(x):
    with pytest.raises(ValueError, match="x is empty"):
        check_samples(x, (3,))


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint16])
def test_other_integers_are_refused(dtype):
    with pytest.raises(ValueError, match=r'integers of unknown scale.*astype\("uint8"\)'):
        check_samples(np.zeros((2, 3), dtype), (3,))


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((2, 3), complex),
        np.full((2, 3), None),
        [["a", "b", "c"]],
        [[b"a", b"b", b"c"]],
        np.zeros((2, 3), "datetime64[s]"),
        {"x": 1},
    ],
)
def test_what_is_no_real_number_is_refused(x):
    with pytest.raises(ValueError, match="x does not hold real numbers"):
        check_samples(x, (3,))


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="x cannot be read as an array"):
        check_samples([[0.0, 1.0], [0.0]], (2,))


def test_masked_values_are_refused():
    with pytest.raises(ValueError, match="filled"):
        check_samples(np.ma.array(np.zeros((2, 3)), mask=np.eye(2, 3)), (3,))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted_and_located(value):
    x = np.zeros((4, 5))
    x[1, 2] = x[3, 0] = value
    with pytest.raises(
        ValueError, match=r"2 of its 20 values are not, the first at index \(1, 2\)"
    ):
        check_samples(x, (5,), sample_range=None)


def test_overflow_of_float32_is_reported_with_its_value():
    with pytest.raises(ValueError, match=r"Received: x\[0, 1\]=1e\+300\.$"):
        check_samples([[0.0, 1e300]], (2,), sample_range=None)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.0, 16.0)])
def test_the_range_has_a_small_tolerance(low, high):
    width = high - low
    inside = np.array([[low - 0.9e-5 * width, high + 0.9e-5 * width]])
    np.testing.assert_allclose(check_samples(inside, (2,), sample_range=(low, high)), inside)
    for outside in ([[low - 3e-5 * width, high]], [[low, high + 3e-5 * width]]):
        with pytest.raises(ValueError, match="leaves the range"):
            check_samples(outside, (2,), sample_range=(low, high))


def test_no_range_means_unbounded():
    assert check_samples([[-1e9, 1e9]], (2,), sample_range=None).tolist() == [[-1e9, 1e9]]


@pytest.mark.parametrize("high", [16.0, 255.0])
def test_floats_from_0_to_255_are_recognised(high):
    with pytest.raises(ValueError, match=r'0 to 255.*`x / 255` or `x\.astype\("uint8"\)`'):
        check_samples([[0.0, high]], (2,))


@pytest.mark.parametrize("values", [[-0.5, 200.0], [0.0, 1.2], [0.0, 4.0], [0.0, 300.0]])
def test_other_ranges_are_not_taken_for_pixels(values):
    with pytest.raises(ValueError, match="leaves the range"):
        check_samples([values], (2,))


def test_the_name_in_messages_is_the_callers():
    with pytest.raises(ValueError, match=r"^photos is empty"):
        check_samples([], (3,), name="photos")


def test_codes_are_any_finite_real_numbers():
    codes = check_codes([[1, -200], [3, 4]], (2,))
    assert codes.dtype == np.float32
    assert codes.tolist() == [[1.0, -200.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("z", "problem"),
    [
        ([1.0, 2.0], r"`z\[None\]`"),
        ([[1.0]], "wrong shape"),
        ([[1.0, np.nan]], "finite"),
        (np.zeros((1, 2), complex), "real numbers"),
        (np.zeros((0, 2)), "empty"),
    ],
)
def test_wrong_codes_are_refused(z, problem):
    with pytest.raises(ValueError, match=problem):
        check_codes(z, (2,))


def test_tokens_are_indices_of_a_codebook():
    tokens = check_tokens(np.array([[0, 3], [1, 2]], "uint8"), (2,), 4)
    assert tokens.dtype == np.int32
    assert tokens.tolist() == [[0, 3], [1, 2]]
    for wrong, message in {
        (0.0, 1.0): r"tokens must be integers.*decode\(\). Received: tokens.dtype='float64'",
        (0, 4): r"tokens must be from 0 to 3.*Received: tokens from 0 to 4",
        (-1, 0): "Received: tokens from -1 to 0",
        (0, 1, 2): "tokens has the wrong shape",
    }.items():
        with pytest.raises(ValueError, match=message):
            check_tokens([wrong], (2,), 4)
