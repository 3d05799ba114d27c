from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aezoo.range_coder import PRECISION, decode, encode

TOTAL = 2**PRECISION


def table(weights):
    """Cumulative frequencies in proportion to weights, none of them zero."""
    spare, total, sums = TOTAL - len(weights), sum(weights), 0
    found = [0]
    for place, weight in enumerate(weights, start=1):
        sums += weight
        found.append(place + sums * spare // total)
    return found


tables = st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any).map(table)


@st.composite
def messages(draw):
    chosen = draw(st.lists(tables, min_size=1, max_size=6))
    order = draw(st.lists(st.integers(0, len(chosen) - 1), max_size=300))
    drawn = [chosen[place] for place in order]
    return [draw(st.integers(0, len(one) - 2)) for one in drawn], drawn


def information(symbols, drawn):
    return -sum(
        math.log2((one[symbol + 1] - one[symbol]) / TOTAL)
        for symbol, one in zip(symbols, drawn, strict=True)
    )


@settings(deadline=None, max_examples=200)
@given(messages())
def test_what_is_written_is_read_and_costs_its_information(message):
    symbols, drawn = message
    data = encode(symbols, drawn)
    assert decode(data, drawn) == symbols
    assert 8 * len(data) <= information(symbols, drawn) + 8 + 1e-3 * len(symbols)


@settings(deadline=None, max_examples=200)
@given(messages(), st.binary(max_size=40))
def test_any_bytes_are_read_as_symbols_or_refused(message, data):
    _, drawn = message
    try:
        symbols = decode(data, drawn)
    except ValueError:
        return
    assert decode(encode(symbols, drawn), drawn) == symbols


def test_carries_run_through_any_number_of_bytes():
    rare = [0, TOTAL - 1, TOTAL]  # the upper end of the range, again and again
    for n in (1, 2, 3, 50):
        for last in (0, 1):
            symbols = [1] * n + [last]
            assert decode(encode(symbols, [rare] * (n + 1)), [rare] * (n + 1)) == symbols


def test_what_is_certain_costs_nothing():
    assert encode([0] * 1000, [[0, TOTAL]] * 1000) == b""
    assert decode(b"", [[0, TOTAL]] * 1000) == [0] * 1000


def test_bytes_beyond_the_last_symbol_are_refused():
    coin = [0, TOTAL // 2, TOTAL]
    data = encode([1, 0, 1] * 30, [coin] * 90)
    for more in (b"\0", b"\1" * 9, bytes(9)):
        with pytest.raises(ValueError, match="longer than its symbols"):
            decode(data + more, [coin] * 90)


@pytest.mark.parametrize("symbol", [-1, 2])
def test_symbols_outside_their_table_are_refused(symbol):
    with pytest.raises(ValueError, match=r"from 0 to 1.*Received: -?\d"):
        encode([symbol], [[0, TOTAL // 2, TOTAL]])
