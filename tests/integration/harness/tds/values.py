"""Types and values: parameters as clients send them, rows as servers do."""

import datetime
import decimal
import struct
import uuid

from harness.tds.wire import utf16

COLLATION = bytes([0x09, 0x04, 0xd0, 0x00, 0x34])
FIXED = {0x30: "<B", 0x32: "<?", 0x34: "<h", 0x38: "<i", 0x3b: "<f", 0x3e: "<d", 0x7f: "<q"}
EPOCH, FIRST = datetime.datetime(1900, 1, 1), datetime.datetime(1, 1, 1)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "cut"
        taken = self.data[self.at:self.at + n]
        self.at += n
        return taken

    def number(self, n):
        return int.from_bytes(self.take(n), "little")

    def text(self, width):
        return self.take(self.number(width) * 2).decode("utf-16le")

    @property
    def more(self):
        return self.at < len(self.data)

    def peek(self):
        return self.data[self.at]


def pieces(r):
    total, data = r.number(8), b""
    if total == 0xffffffffffffffff:
        return None
    while n := r.number(4):
        data += r.take(n)
    return data


def whole(kind, data, scale):
    """The value of these bytes."""
    if kind in (0xe7, 0xef, 0x63, 0xf1):
        return data.decode("utf-16le")
    if kind in (0xa7, 0xaf, 0x23, 0x2f, 0x27):
        return data.decode("cp1252", "replace")
    if kind in (0x26, 0x68):
        return int.from_bytes(data, "little", signed=len(data) > 1)
    if kind == 0x6d:
        return struct.unpack("<f" if len(data) == 4 else "<d", data)[0]
    if kind in (0x6a, 0x6c):
        return float(decimal.Decimal(int.from_bytes(data[1:], "little") * (1 if data[0] else -1)).scaleb(-scale))
    if kind == 0x6e:
        low = struct.unpack("<i", data)[0] if len(data) == 4 else struct.unpack("<i", data[:4])[0] * 2**32 + struct.unpack("<I", data[4:])[0]
        return low / 10000
    if kind == 0x6f and len(data) == 8:
        days, ticks = struct.unpack("<iI", data)
        return str(EPOCH + datetime.timedelta(days, ticks / 300))
    if kind == 0x28:
        return str((FIRST + datetime.timedelta(int.from_bytes(data, "little"))).date())
    if kind in (0x29, 0x2a, 0x2b):
        n = 3 if scale <= 2 else 4 if scale <= 4 else 5
        time = datetime.timedelta(seconds=int.from_bytes(data[:n], "little") / 10**scale)
        days = int.from_bytes(data[n:n + 3], "little") if kind != 0x29 else 0
        return str(FIRST + datetime.timedelta(days) + time) if kind != 0x29 else str(time)
    if kind == 0x24:
        return str(uuid.UUID(bytes_le=data)).upper()
    return data


def parameter_value(r, kind, rank):
    if kind == 0x1f:
        return None
    if kind in FIXED:
        return struct.unpack(FIXED[kind], r.take(struct.calcsize(FIXED[kind])))[0]
    scale, size = 0, None
    if kind in (0xa5, 0xa7, 0xad, 0xaf, 0xe7, 0xef):
        size = r.number(2)
    elif kind in (0x22, 0x23, 0x62, 0x63):
        r.number(4)
    elif kind in (0x29, 0x2a, 0x2b):
        scale = r.number(1)
    elif kind in (0x6a, 0x6c):
        r.take(2)
        scale = r.number(1)
    elif kind == 0xf1:
        assert r.number(1) == 0
    elif kind != 0x28:
        r.number(1)
    if kind in (0xa7, 0xaf, 0xe7, 0xef, 0x23, 0x63) and rank >= 71:
        r.take(5)
    if size == 0xffff or kind == 0xf1:
        data = pieces(r)
    elif size is not None:
        n = r.number(2)
        data = None if n == 0xffff else r.take(n)
    elif kind in (0x22, 0x23, 0x63):
        n = r.number(4)
        data = None if n == 0xffffffff else r.take(n)
    else:
        data = r.take(r.number(1)) or None
    return None if data is None else whole(kind, data, scale)


class Parameter:
    def __init__(self, r, rank):
        self.name = r.text(1)
        status = r.number(1)
        self.output, self.kind = bool(status & 1), r.number(1)
        self.value = parameter_value(r, self.kind, rank)


def calls(data, rank):
    """[(name or number, [Parameter])] of an RPC message without its headers."""
    r, found = Reader(data), []
    separators = (0xff, 0xfe) if rank >= 72 else (0x80, 0xfe)
    while r.more:
        n = r.number(2)
        name = r.number(2) if n == 0xffff else r.take(2 * n).decode("utf-16le")
        r.number(2)
        parameters = []
        while r.more and r.peek() not in separators:
            parameters.append(Parameter(r, rank))
        if r.more:
            r.number(1)
        found.append((name, parameters))
    return found


class Column:
    """A column of a result, of the type that holds all its values."""

    def __init__(self, name, values, rank):
        self.name, self.rank = name, rank
        values = [v for v in values if v is not None]
        if values and all(isinstance(v, int) for v in values):
            self.kind, self.size = 0x26, 4 if all(-2**31 <= v < 2**31 for v in values) else 8
        elif values and all(isinstance(v, (int, float)) for v in values):
            self.kind, self.size = 0x6d, 8
        elif values and all(isinstance(v, bytes) for v in values):
            self.kind, self.size = 0xa5, 8000
        else:
            self.kind, self.size = 0xe7, 8000
        long = max((len(self.data(v)) for v in values), default=0) > 8000
        if long and rank >= 72:
            self.size = 0xffff
        elif long:
            self.kind = 0x63 if self.kind == 0xe7 else 0x22

    def describe(self):
        info = {0x26: "<BB", 0x6d: "<BB", 0x63: "<BI", 0x22: "<BI"}.get(self.kind, "<BH")
        data = struct.pack("<IH" if self.rank >= 72 else "<HH", 0, 9) + struct.pack(info, self.kind, self.size)
        if self.kind in (0xe7, 0x63) and self.rank >= 71:
            data += COLLATION
        if self.kind in (0x63, 0x22):
            data += struct.pack("<H", 1) + utf16("t")
        return data + bytes([len(self.name)]) + utf16(self.name)

    def data(self, value):
        if self.kind == 0x26:
            return value.to_bytes(self.size, "little", signed=True)
        if self.kind == 0x6d:
            return struct.pack("<d", value)
        return value if isinstance(value, bytes) else utf16(str(value))

    def encode(self, value):
        if value is None:
            if self.size == 0xffff:
                return b"\xff" * 8
            return b"\0" if self.kind in (0x26, 0x6d, 0x63, 0x22) else b"\xff\xff"
        data = self.data(value)
        if self.size == 0xffff:
            cut = [data[i:i + 8000] for i in range(0, len(data), 8000)]
            return struct.pack("<Q", len(data)) + b"".join(struct.pack("<I", len(c)) + c for c in cut) + bytes(4)
        if self.kind in (0x63, 0x22):
            return b"\x10" + bytes(16) + bytes(8) + struct.pack("<I", len(data)) + data
        return (bytes([len(data)]) if self.kind in (0x26, 0x6d) else struct.pack("<H", len(data))) + data


def metadata(columns):
    return b"\x81" + struct.pack("<H", len(columns)) + b"".join(c.describe() for c in columns)


def row(columns, values, rank):
    if rank >= 73.5 and None in values:
        bits = sum(1 << i for i, v in enumerate(values) if v is None)
        return b"\xd2" + bits.to_bytes((len(columns) + 7) // 8, "little") + b"".join(c.encode(v) for c, v in zip(columns, values) if v is not None)
    return b"\xd1" + b"".join(c.encode(v) for c, v in zip(columns, values))


def output(at, name, value, rank):
    column = Column("", [value], rank)
    info = column.describe()[:-1]
    return b"\xac" + struct.pack("<HB", at, len(name)) + utf16(name) + b"\1" + info + column.encode(value)
