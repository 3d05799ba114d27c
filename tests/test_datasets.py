import gzip
import hashlib
import struct
import sys
import types
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aezoo_registry
from aezoo import data
from aezoo.data import fashion_mnist as fashion_mnist_module
from aezoo.data import idx, images, mini_dsprites
from aezoo.data import twemoji as twemoji_module
from aezoo.data.dataset import SPLITS, Dataset, locate_split, seeded_split
from aezoo.data.images import BadImagesWarning


def idx_bytes(array, *, kind=0x08):
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return header + array.tobytes()


def write_official(folder, parts=("train", "t10k")):
    folder.mkdir(parents=True)
    for part in parts:
        n = 60_000 if part == "train" else 10_000
        x = np.zeros((n, 28, 28), np.uint8)
        x[:, 0, 0] = np.arange(n) % 251
        labels = (np.arange(n) % 10).astype(np.uint8)
        for array, name in ((x, "images-idx3"), (labels, "labels-idx1")):
            raw = gzip.compress(idx_bytes(array), compresslevel=1, mtime=0)
            (folder / f"{part}-{name}-ubyte.gz").write_bytes(raw)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AEZOO_DATA", str(tmp_path))
    monkeypatch.setattr(fashion_mnist_module, "_DEBIAN", tmp_path / "debian")
    return tmp_path


@pytest.fixture
def keras_datasets(monkeypatch):
    """Stands for Keras, so that nothing is imported or downloaded."""

    def offline():
        raise Exception("URL fetch failure on https://example.org")

    datasets = types.SimpleNamespace(
        mnist=types.SimpleNamespace(load_data=offline),
        fashion_mnist=types.SimpleNamespace(load_data=offline),
    )
    monkeypatch.setitem(sys.modules, "keras", types.SimpleNamespace(datasets=datasets))
    return datasets


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(20):
        images.write(folder / f"{i:02}.png", np.full((6, 5), i, np.uint8))
    return folder


# Dataset


def test_a_dataset_knows_shape_range_and_fingerprint():
    x = np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1)
    dataset = Dataset("d", "test", x, np.array([1, 2]), "CC0-1.0", "here")
    assert dataset.sample_shape == (3, 4, 1)
    assert dataset.sample_range == (0.0, 1.0)
    assert dataset.fingerprint() == hashlib.sha256(bytes(range(24))).hexdigest()
    strided = Dataset("d", "test", np.repeat(x, 2, axis=0)[::2], None, "CC0-1.0", "here")
    assert strided.fingerprint() == dataset.fingerprint()


@pytest.mark.parametrize(("high", "expected"), [(1.0, (0.0, 1.0)), (1.5, None)])
def test_the_range_of_floats_is_unit_or_unbounded(high, expected):
    x = np.linspace(0, high, 6, dtype=np.float32).reshape(2, 3)
    assert Dataset("d", "train", x, None, "", "").sample_range == expected


@pytest.mark.parametrize(
    ("split", "x", "labels", "problem"),
    [
        ("dev", np.zeros((2, 3), np.uint8), None, "split must be one of"),
        ("train", np.zeros((2, 3)), None, "float64"),
        ("train", np.zeros((0, 3), np.uint8), None, "at least one sample"),
        ("train", np.zeros(3, np.uint8), None, "sample_shape"),
        ("train", np.zeros((2, 3), np.uint8), np.zeros(3), "one entry per sample"),
    ],
)
def test_a_dataset_refuses_what_does_not_fit(split, x, labels, problem):
    with pytest.raises(ValueError, match=problem):
        Dataset("d", split, x, labels, "", "")


def test_a_dataset_may_know_the_factors_of_its_samples():
    x = np.zeros((2, 3), np.uint8)
    assert Dataset("d", "train", x, None, "", "").factors is None
    factors = np.array([[0, 5], [1, 4]])
    assert Dataset("d", "train", x, None, "", "", factors).factors is factors
    for wrong in (factors[:1], factors[:, 0], factors[:, :0], factors / 2):
        with pytest.raises(ValueError, match=r"factors must be integers of shape \(2, number"):
            Dataset("d", "train", x, None, "", "", wrong)


# Splits


@given(st.integers(1, 200), st.integers(0, 50), st.integers(0, 50), st.integers(0, 2**40))
def test_seeded_splits_cover_everything_once(train, validation, test, seed):
    n = train + validation + test
    parts = [seeded_split(n, s, validation=validation, test=test, seed=seed) for s in SPLITS]
    assert [len(part) for part in parts] == [train, validation, test]
    assert sorted(np.concatenate(parts)) == list(range(n))


def test_seeded_splits_never_change():
    assert seeded_split(8, "train", validation=1, test=1).tolist() == [0, 3, 7, 5, 1, 2]


def test_seeds_divide_differently():
    first, second = (seeded_split(99, "test", validation=9, test=9, seed=s) for s in (0, 1))
    assert set(first) != set(second)


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="too small"):
        seeded_split(4, "train", validation=2, test=2)


@pytest.mark.parametrize(
    "sizes", [{"all": 37}, {"train": 37, "test": 5}, {"train": 3, "validation": 4, "test": 5}]
)
def test_located_splits_are_disjoint(sizes):
    rows = [(part, row) for s in SPLITS for part, i in [locate_split(sizes, s)] for row in i]
    assert len(rows) == len(set(rows)) == sum(sizes.values())


def test_a_missing_split_is_an_error():
    with pytest.raises(LookupError, match="no 'test' split; there is 'train', 'validation'"):
        locate_split({"train": 5, "validation": 5}, "test")


# Registered datasets


@pytest.mark.parametrize(("split", "n"), [("train", 1297), ("validation", 200), ("test", 300)])
def test_digits(split, n):
    digits = data.load("digits", split)
    assert digits.x.shape == (n, 8, 8, 1)
    assert digits.x.dtype == np.float32
    assert (digits.x.min(), digits.x.max()) == (0, 1)
    assert set(np.unique(digits.labels)) == set(range(10))
    assert "CC-BY-4.0" in digits.licence


def test_digits_stay_in_their_splits():
    assert data.load("digits", "test").labels[:8].tolist() == [9, 1, 1, 7, 9, 3, 8, 8]
    rows = [row.tobytes() for split in SPLITS for row in data.load("digits", split).x]
    assert len(rows) == 1797


def test_the_official_files_are_cut_into_three_splits(home, keras_datasets):
    write_official(home / "fashion_mnist")
    parts = {split: data.load("fashion_mnist", split) for split in SPLITS}
    assert [len(parts[split].x) for split in SPLITS] == [55_000, 5_000, 10_000]
    assert parts["train"].sample_shape == (28, 28, 1)
    assert parts["train"].x[54_999, 0, 0, 0] == 54_999 % 251
    assert parts["validation"].x[0, 0, 0, 0] == 55_000 % 251
    assert parts["validation"].labels[-1] == 59_999 % 10
    assert parts["test"].x[9_999, 0, 0, 0] == 9_999 % 251
    assert {part.licence for part in parts.values()} == {"MIT"}


def test_the_debian_package_is_found_where_AEZOO_DATA_has_nothing(home, keras_datasets):
    write_official(home / "debian", ["t10k"])
    assert len(data.load("fashion_mnist", "test").x) == 10_000


def test_mnist_is_not_taken_from_fashion_mnists_folder(home, keras_datasets):
    write_official(home / "fashion_mnist", ["t10k"])
    with pytest.raises(FileNotFoundError, match="name='mnist'"):
        data.load("mnist", "test")


def test_a_missing_file_of_the_four_is_named(home, keras_datasets):
    write_official(home / "mnist", ["t10k"])
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        data.load("mnist", "train")


def test_keras_is_the_last_resort(home, keras_datasets):
    x = np.zeros((60_000, 28, 28), np.uint8)
    y = np.zeros(60_000, np.uint8)
    keras_datasets.mnist.load_data = lambda: ((x, y), (x[:10_000], y[:10_000]))
    assert [len(data.load("mnist", split).x) for split in SPLITS] == [55_000, 5_000, 10_000]


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_data_that_is_nowhere_says_where_to_put_it(home, keras_datasets, name):
    with pytest.raises(
        FileNotFoundError, match=r"URL fetch failure .*idx \.gz files into"
    ) as caught:
        data.load(name)
    assert str(home / name) in str(caught.value)


def test_mnist_10k_is_divided_by_seed(home):
    x = np.zeros((10_000, 28, 28), np.uint8)
    np.savez(home / "mnist_10k.npz", x=x, y=np.arange(10_000))
    parts = [data.load("mnist_10k", split) for split in SPLITS]
    assert [part.x.shape for part in parts] == [(n, 28, 28, 1) for n in (8_000, 1_000, 1_000)]
    assert set(np.concatenate([part.labels for part in parts])) == set(range(10_000))
    assert {part.name for part in parts} == {"mnist_10k"}
    assert "not stated" in parts[0].licence


def test_mnist_10k_says_where_to_put_the_file(home, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"Put mnist_10k\.npz .* AEZOO_DATA"):
        data.load("mnist_10k")
    monkeypatch.delenv("AEZOO_DATA")
    with pytest.raises(FileNotFoundError, match="AEZOO_DATA=None"):
        data.load("mnist_10k")


def test_another_file_is_not_taken_for_mnist_10k(home):
    np.savez(home / "mnist_10k.npz", x=np.zeros((100, 28, 28), np.uint8))
    with pytest.raises(ValueError, match="must hold 10,000 images"):
        data.load("mnist_10k")


# mini_dsprites


def test_mini_dsprites_holds_every_combination_of_its_factors_once():
    parts = [data.load("mini_dsprites", split) for split in SPLITS]
    assert [part.x.shape for part in parts] == [(n, 32, 32, 1) for n in (4_916, 614, 614)]
    assert parts[0].x.dtype == np.uint8
    x, factors = (np.concatenate([getattr(p, name) for p in parts]) for name in ("x", "factors"))
    assert len(np.unique(x.reshape(len(x), -1), axis=0)) == len(x)
    assert len(np.unique(factors, axis=0)) == len(factors)
    assert (factors.max(axis=0) + 1).tolist() == list(mini_dsprites.FACTORS.values())
    for part in parts:
        np.testing.assert_array_equal(part.labels, part.factors[:, 0])
        assert all(len(np.unique(column)) == column.max() + 1 for column in part.factors.T)


def test_factors_of_mini_dsprites_are_what_they_say():
    part = data.load("mini_dsprites")
    mass = part.x[..., 0] / 255
    _, scale, _, across, down = part.factors.T
    rows, columns = np.indices((32, 32))
    centres = [(mass * axis).sum(axis=(1, 2)) / mass.sum(axis=(1, 2)) for axis in (columns, rows)]
    heart = part.labels == 2  # its centre of mass is not the point that it is turned about
    for centre, index in zip(centres, (across, down), strict=True):
        np.testing.assert_allclose(centre[~heart], 8.5 + 2 * index[~heart], atol=0.02)
        assert np.abs(centre - 8.5 - 2 * index).max() < 1
    np.testing.assert_allclose(mass.max(axis=(1, 2)), 1)
    assert not mass[:, [0, -1]].any()
    assert not mass[:, :, [0, -1]].any()
    areas = mass.sum(axis=(1, 2))
    square = areas[part.labels == 0]
    np.testing.assert_allclose(square, (1.4 * (4 + scale[part.labels == 0])) ** 2, rtol=0.04)
    ellipse = areas[part.labels == 1]
    expected = np.pi / 2 * (4 + scale[part.labels == 1]) ** 2
    np.testing.assert_allclose(ellipse, expected, rtol=0.04)


def test_sprites_turn_anticlockwise():
    square, ellipse, _ = mini_dsprites._sprites()[:, -1] / 255
    rows, columns = np.indices((16, 16)) - 7.5
    for i, image in enumerate(ellipse):
        second = [(image * a * b).sum() for a, b in ((columns, columns), (rows, rows))]
        mixed = -(image * columns * rows).sum()
        angle = 0.5 * np.degrees(np.arctan2(2 * mixed, second[0] - second[1]))
        assert angle == pytest.approx(90 / 8 * i, abs=1)
    np.testing.assert_array_equal(square[0], np.rot90(square[0]))
    np.testing.assert_allclose(square[3], np.rot90(square[5])[::-1], atol=1e-9)


def test_mini_dsprites_is_the_same_on_every_machine(monkeypatch):
    first = data.load("mini_dsprites", "test").fingerprint()
    assert first.startswith("898c4b22e70d5e14")
    depths = mini_dsprites._depths
    monkeypatch.setattr(  # no part of a pixel is so near an edge that rounding decides
        mini_dsprites, "_depths", lambda x, y: depths(x + 1e-12, y - 1e-12)
    )
    assert data.load("mini_dsprites", "test").fingerprint() == first


# twemoji


@pytest.fixture
def emoji(home, monkeypatch):
    """60 names in up to three tones; every tenth name has the image of the one before."""
    names = np.array([f"emoji-{i}" for i in range(60) for _ in range(1 + i % 3)])
    monkeypatch.setattr(twemoji_module, "_N", len(names))
    monkeypatch.setattr(twemoji_module, "_SHAPE", (2, 2, 3))
    x = np.zeros((len(names), 2, 2, 3), np.uint8)
    x[:, 0, 0, 0] = np.arange(len(names))
    for i in range(10, 60, 10):
        x[np.flatnonzero(names == f"emoji-{i}")[0]] = x[names == f"emoji-{i - 1}"][0]
    categories = np.array(twemoji_module.CATEGORIES)[np.arange(len(names)) % 10]
    arrays = {"x": x, "name": names, "category": categories}
    np.savez(home / "twemoji_64.npz", **arrays)
    return arrays


def test_skin_tones_and_equal_images_are_in_one_split(emoji):
    parts = [data.load("twemoji", split) for split in SPLITS]
    assert sum(len(part.x) for part in parts) == len(emoji["x"])
    owners = {}
    for part in parts:
        for image, label in zip(part.x, part.labels, strict=True):
            same = np.flatnonzero((emoji["x"] == image).all(axis=(1, 2, 3)))
            assert twemoji_module.CATEGORIES[label] in emoji["category"][same]
            for name in emoji["name"][same]:
                assert owners.setdefault(name, part.split) == part.split
    assert len(owners) == 60
    assert min(len(part.x) for part in parts) > 4


def test_groups_are_linked_through_names_and_images():
    names = np.array(["a", "b", "b", "c", "d", "d", "e"])
    images = np.array([[1], [1], [2], [2], [3], [4], [5]], np.uint8)
    assert twemoji_module._groups(names, images).tolist() == [0, 0, 0, 0, 1, 1, 2]


def test_twemoji_says_where_to_put_the_file_and_what_is_wrong_with_it(home):
    with pytest.raises(FileNotFoundError, match=r"Put twemoji_64\.npz .* AEZOO_DATA"):
        data.load("twemoji")
    np.savez(home / "twemoji_64.npz", x=np.zeros((9, 4, 4), np.uint8), name=[""], category=[""])
    with pytest.raises(ValueError, match=r"must hold .* Received: x\.shape=\(9, 4, 4\)"):
        data.load("twemoji")
    np.savez(home / "twemoji_64.npz", x=np.zeros((9, 4, 4), np.uint8))
    with pytest.raises(LookupError, match="it holds x"):
        data.load("twemoji")
    (home / "twemoji_64.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="not an"):
        data.load("twemoji")


def test_categories_are_sorted_for_the_search_in_them():
    assert sorted(twemoji_module.CATEGORIES) == list(twemoji_module.CATEGORIES)


# Names


def test_unknown_names_and_splits():
    with pytest.raises(aezoo_registry.UnknownName, match="digits"):
        data.load("digit")
    with pytest.raises(ValueError, match="split must be one of 'train', 'validation', 'test'"):
        data.load("digits", "dev")
    with pytest.raises(ValueError, match="size="):
        data.load("digits", size=(4, 4))


def test_a_bare_name_is_never_a_path(photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    with pytest.raises(LookupError, match=r"write '\./photos'"):
        data.load("photos")
    assert len(data.load("./photos", "test").x) == 2


def test_a_function_that_returns_no_dataset_is_refused(monkeypatch):
    monkeypatch.setattr(aezoo_registry, "load", lambda kind, name: lambda split: np.zeros(3))
    with pytest.raises(TypeError, match=r"must be a function that returns an aezoo\.data\.Dataset"):
        data.load("acme/broken")


@pytest.mark.parametrize("name", ["missing", "notes.txt"])
def test_paths_that_are_no_dataset(tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(FileNotFoundError, match="folder of images or an"):
        data.load(tmp_path / name)


# .npz files


def test_an_npz_without_splits(tmp_path):
    x = np.arange(50, dtype=np.float64)[:, None] / 50
    np.savez(tmp_path / "a.npz", x=x, labels=np.arange(50))
    parts = [data.load(tmp_path / "a.npz", split) for split in SPLITS]
    assert [len(part.x) for part in parts] == [40, 5, 5]
    assert parts[0].x.dtype == np.float32
    for part in parts:
        np.testing.assert_allclose(part.x[:, 0] * 50, part.labels, atol=1e-5)


def test_an_npz_with_splits(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(
        path,
        x_train=np.zeros((30, 4), np.uint8),
        x_test=np.ones((7, 4), np.uint8),
        y_test=np.arange(7),
    )
    parts = [data.load(str(path), split) for split in SPLITS]
    assert [len(part.x) for part in parts] == [27, 3, 7]
    assert parts[2].labels.tolist() == list(range(7))
    assert parts[0].labels is None


@pytest.mark.parametrize(
    ("arrays", "error", "problem"),
    [
        ({"images": np.zeros((3, 4))}, LookupError, "it holds images"),
        ({"x": np.zeros((30, 4), int)}, ValueError, "unknown scale"),
        ({"x": np.full((30, 4), np.nan)}, ValueError, "finite"),
        ({"x": np.array([{}] * 30)}, ValueError, "allow_pickle"),
        ({"x": np.zeros(())}, ValueError, "cannot be used"),
        ({"x": np.zeros((2, 4))}, ValueError, "too small"),
        ({"x": np.zeros((30, 4)), "y": np.zeros(29)}, ValueError, "one entry for each of the 30"),
        ({"x_train": np.zeros((30, 4))}, LookupError, "no 'test' split"),
    ],
)
def test_npz_files_that_are_no_dataset(tmp_path, arrays, error, problem):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(error, match=problem):
        data.load(tmp_path / "a.npz", "test")


def test_damaged_npz_files(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).random((50, 40)))
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(ValueError, match="damaged"):
        data.load(path)
    middle = len(good) // 2
    path.write_bytes(good[:middle] + bytes(64) + good[middle + 64 :])
    with pytest.raises(ValueError, match="cannot be used"):
        data.load(path)


# IDX files


def _packed(data):
    return gzip.compress(data, mtime=0)  # no clock in the ids that workers compare


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (_packed(idx_bytes(np.zeros((2, 3), np.uint8), kind=0x0D)), "not IDX data"),
        (_packed(idx_bytes(np.zeros((3, 2), np.uint8))), "not IDX data"),
        (_packed(b""), "not IDX data"),
        (_packed(idx_bytes(np.zeros((2, 3), np.uint8))[:-1]), "shorter"),
        (_packed(idx_bytes(np.zeros((2, 3), np.uint8)) + b"!"), "longer"),
        (_packed(idx_bytes(np.zeros((2, 3), np.uint8)))[:-9], "damaged"),
        (b"plain text", "damaged"),
    ],
)
def test_damaged_idx_files(tmp_path, raw, problem):
    (tmp_path / "a.gz").write_bytes(raw)
    with pytest.raises(ValueError, match=problem):
        idx.read(tmp_path / "a.gz", (2, 3))


def test_idx_files_are_read(tmp_path):
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx_bytes(array), mtime=0))
    np.testing.assert_array_equal(idx.read(tmp_path / "a.gz", (2, 3)), array)


# Folders of images


def test_a_folder_is_divided_by_seed(photos):
    parts = [data.load(photos, split) for split in SPLITS]
    assert [part.x.shape for part in parts] == [(n, 6, 5, 1) for n in (16, 2, 2)]
    assert set(np.concatenate([part.x[:, 0, 0, 0] for part in parts])) == set(range(20))


def test_subfolders_are_splits(photos):
    for split, names in (("train", range(10)), ("test", range(10, 20))):
        (photos / split / "class").mkdir(parents=True)
        for i in names:
            (photos / f"{i:02}.png").rename(photos / split / "class" / f"{i}.png")
    assert [len(data.load(photos, split).x) for split in SPLITS] == [9, 1, 10]
    assert data.load(photos, "test").x.min() == 10


def test_one_colour_file_makes_every_split_rgb(photos):
    images.write(photos / "99.png", np.zeros((6, 5, 3)))
    assert {data.load(photos, split).sample_shape for split in SPLITS} == {(6, 5, 3)}


def test_bad_files_are_listed_at_once_and_left_out(photos):
    (photos / "98.png").write_text("text")
    (photos / "99.png").write_bytes(b"")
    (photos / "notes.txt").write_text("not an image, by its name")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parts = [data.load(photos, split) for split in SPLITS]
    assert sum(len(part.x) for part in parts) == 20
    assert {warning.category for warning in caught} == {BadImagesWarning}
    message = "\n".join(str(warning.message) for warning in caught)
    assert "98.png: The file is not a PNG" in message
    assert "99.png: The image file is empty" in message
    assert "notes.txt" not in message


def test_sizes_must_agree_or_be_given(photos):
    for i in range(20, 24):
        images.write(photos / f"{i}.png", np.zeros((9, 9)))
    with pytest.raises(ValueError, match=r"2 different sizes, from \(6, 5\) to \(9, 9\)"):
        data.load(photos)
    assert data.load(photos, size=(4, 3)).sample_shape == (4, 3, 1)


def test_folders_without_a_usable_image(tmp_path):
    with pytest.raises(LookupError, match="holds no image files"):
        data.load(tmp_path)
    for i in range(5):
        (tmp_path / f"{i}.png").write_text("text")
    with pytest.raises(ValueError, match="3 of 3 image files could not be read"):
        data.load(tmp_path)
