"""Protocol buffers as dictionaries, with the fields of a schema and no others.

Whoever compares what `encode` makes of `decode`d bytes with those bytes knows that any other reader
sees the same in them.

See the [encoding](https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MAX_FIELDS = 2**16

Message = dict[str, Any]

_WIRE = {"int": 0, "bytes": 2, "text": 2, "float": 5}


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        name: Key in the dictionary.
        kind: `"int"` (64 bits), `"float"` (32 bits), `"bytes"`, `"text"`, or the schema of a
            message.
        repeated: Whether it is a list.
    """

    name: str
    kind: str | Mapping[int, Field]
    repeated: bool = False


Schema = Mapping[int, Field]
"""The fields of a message by their numbers, ascending."""


def encode(message: Message, schema: Schema) -> bytes:
    """Serialise a message.

    Args:
        message: Values by field name; what is missing is left out.
        schema: Its fields.

    Returns:
        The bytes, fields in the order of their numbers.

    Example:
        >>> encode({"size": 300}, {1: Field("size", "int")}).hex()
        '08ac02'
    """
    parts = []
    for number, field in schema.items():
        if field.name in message:
            value = message[field.name]
            for item in value if field.repeated else [value]:
                parts += [_varint(number << 3 | _wire(field)), _encode_item(item, field)]
    return b"".join(parts)


def decode(data: bytes, schema: Schema) -> Message:
    """Parse a message.

    Args:
        data: The whole message.
        schema: Its fields; any other is refused.

    Returns:
        Values by field name; repeated fields are always there, as lists. Text that is not UTF-8
        loses what is wrong with it.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.

    Example:
        >>> decode(bytes.fromhex("08ac02"), {1: Field("size", "int")})
        {'size': 300}
    """
    return _decode(data, schema, iter(range(MAX_FIELDS)))


def _decode(data: bytes, schema: Schema, budget: Iterator[int]) -> Message:
    message: Message = {field.name: [] for field in schema.values() if field.repeated}
    position = 0
    while position < len(data):
        if next(budget, None) is None:
            raise ValueError(f"a graph of more than {MAX_FIELDS} fields")
        key, position = _read_varint(data, position)
        field = schema.get(key >> 3)
        if field is None or key & 7 != _wire(field):
            raise ValueError(f"a field {key >> 3} that no graph of aezoo has")
        value, position = _decode_item(data, position, field, budget)
        if field.repeated:
            message[field.name].append(value)
        else:
            message[field.name] = value
    return message


def _wire(field: Field) -> int:
    return _WIRE[field.kind] if isinstance(field.kind, str) else 2


def _encode_item(value: Any, field: Field) -> bytes:
    if field.kind == "int":
        return _varint(value & 0xFFFF_FFFF_FFFF_FFFF)
    if field.kind == "float":
        return struct.pack("<f", value)
    if not isinstance(field.kind, str):
        data = encode(value, field.kind)
    else:
        data = value if field.kind == "bytes" else value.encode()
    return _varint(len(data)) + data


def _decode_item(
    data: bytes, position: int, field: Field, budget: Iterator[int]
) -> tuple[Any, int]:
    if field.kind == "int":
        value, position = _read_varint(data, position)
        return value - 2**64 if value >= 2**63 else value, position
    if field.kind == "float":
        length = 4
    else:
        length, position = _read_varint(data, position)
    end = position + length
    if end > len(data):
        raise ValueError("a graph that ends too early")
    item = data[position:end]
    if field.kind == "float":
        return struct.unpack("<f", item)[0], end
    if not isinstance(field.kind, str):
        return _decode(item, field.kind, budget), end
    return item if field.kind == "bytes" else item.decode(errors="replace"), end


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if position == len(data):
            raise ValueError("a graph that ends too early")
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise ValueError("a number beyond 64 bits")
