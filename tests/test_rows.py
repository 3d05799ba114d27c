from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from aezoo.cli import numbers
from aezoo.data.rows import StoredRows

X = np.random.default_rng(0).integers(0, 256, (23, 4, 3), dtype="uint8")


@pytest.fixture(params=[".npy", ".npz", "compressed"])
def path(request, tmp_path):
    path = tmp_path / ("x.npy" if request.param == ".npy" else "x.npz")
    save = {".npy": np.save, ".npz": np.savez, "compressed": np.savez_compressed}[request.param]
    save(path, X) if path.suffix == ".npy" else save(path, x=X, other=X[:2])
    return path


@pytest.mark.parametrize("rows", [slice(None), slice(5), slice(7, 8), slice(20, 90), slice(40, 50)])
def test_batches_are_the_rows_in_their_order(path, rows):
    found = StoredRows(path, rows=rows, batch_size=6)
    for _ in range(2):
        parts = [*found]
        assert len(parts) == len(found)
        whole = np.concatenate([X[:0], *parts])
        np.testing.assert_array_equal(whole, X[rows])
    assert found.shape == X[rows].shape


def test_grey_images_get_their_channel(path):
    assert next(iter(StoredRows(path, sample_shape=(4, 3, 1)))).shape == (23, 4, 3, 1)
    assert StoredRows(path, sample_shape=(4, 5, 1)).shape == (23, 4, 3)


def test_a_large_file_is_never_in_memory(tmp_path):
    path = tmp_path / "large.npy"
    np.save(path, np.zeros((20_000, 784), "uint8"))
    tracemalloc.start()
    for _ in StoredRows(path):
        pass
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"?" * 300, "cannot be used"),
        (b"", "cannot be used"),
        (np.asfortranarray(np.zeros((4, 5))), "row by row"),
        (np.float64(3), "row by row"),
        (np.array([object()]), "objects"),
    ],
)
def test_what_cannot_be_read_by_rows_is_refused(tmp_path, content, reason):
    path = tmp_path / "x.npy"
    path.write_bytes(content) if isinstance(content, bytes) else np.save(path, content)
    with pytest.raises(ValueError, match=reason):
        StoredRows(path)


def test_a_file_that_was_cut_says_where_it_ends(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, X)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match="ends at row 20"):
        [*StoredRows(path, batch_size=10)]


@pytest.mark.parametrize("suffix", numbers.TABLES)
def test_a_table_is_written_as_a_whole_array_is(tmp_path, suffix):
    codes = np.random.default_rng(1).normal(size=(23, 2, 2)).astype("float32")
    names = [f"{index}.png" for index in range(0, 2300, 100)]
    with numbers.table(tmp_path / f"a{suffix}") as add:
        for start in range(0, 23, 5):
            part = slice(start, start + 5)
            add(codes[part], {"files": names[part]})
    numbers.write(tmp_path / f"b{suffix}", {"codes": codes, "files": np.array(names)})
    found, whole = (numbers.read(tmp_path / f"{name}{suffix}", "codes") for name in "ab")
    np.testing.assert_array_equal(found, whole)
    np.testing.assert_allclose(found.reshape(codes.shape), codes, rtol=1e-6)
    if suffix == ".npz":
        np.testing.assert_array_equal(numbers.read(tmp_path / "a.npz", "files"), names)
    if suffix == ".npy":
        np.save(tmp_path / "c.npy", codes)
        assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "c.npy").read_bytes()


def test_a_table_that_fails_leaves_nothing(tmp_path):
    table = numbers.table(tmp_path / "a.npz")
    add = table.__enter__()
    add(np.zeros((2, 2)), {})
    table.__exit__(RuntimeError, RuntimeError(), None)
    assert not [*tmp_path.iterdir()]
