from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aezoo.bitstream import MAGIC, Bitstream, BitstreamError, parse

WHOLE = Bitstream(b"abcd", (28, 28, 1), 4, b"the message")
sizes = st.integers(1, 300)


def sealed(body):
    return body + zlib.crc32(body).to_bytes(4, "little")


@given(
    st.binary(min_size=4, max_size=4),
    st.tuples(sizes, sizes, st.sampled_from([1, 3])),
    st.integers(0, 500),
    st.integers(1, 4096),
    st.binary(max_size=300),
)
def test_what_is_written_is_read(model, shape, n, step, message):
    found = Bitstream(model, (n, *shape) if n else shape, step, message)
    assert parse(found.dump()) == found


def test_the_header_of_a_small_image_is_eighteen_bytes():
    assert len(WHOLE.dump()) - len(WHOLE.message) == 18


def test_every_flipped_bit_is_noticed():
    data = WHOLE.dump()
    for place in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            with pytest.raises(BitstreamError):
                parse(bytes(damaged))


def test_every_truncation_is_called_one():
    data = WHOLE.dump()
    for length in range(3, len(data)):
        with pytest.raises(BitstreamError, match="truncated"):
            parse(data[:length])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no file of compressed images"),
        (b"\x89PNG\r\n", "no file of compressed images: it begins with"),
        (WHOLE.dump() + b"\0", "damaged: its checksum"),
        (
            MAGIC + b"\2" + WHOLE.dump()[4:],
            "version 2 .* this aezoo reads version 1",
        ),
        (sealed(MAGIC + b"\1abcd" + b"\xff" * 40), "a number in its header has no end"),
        (Bitstream(b"abcd", (28, 0, 1), 4, b"").dump(), "which nobody writes"),
        (Bitstream(b"abcd", (28, 28, 1), 0, b"").dump(), "which nobody writes"),
        (Bitstream(b"abcd", (2**14, 2**14, 3), 1, b"").dump(), "which nobody writes"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(data, reason):
    with pytest.raises(BitstreamError, match=reason):
        parse(data)
