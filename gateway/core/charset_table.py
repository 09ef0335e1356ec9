#!/usr/bin/env python3
"""charset_table - writes the tables that gateway/core/charset.c looks characters up in.

usage: charset_table.py OUTPUT.c

The mappings are Python's own: gb18030 with the 19 characters that Unicode had no place for then, as of 2022, and
for Big5 code page 950 with the Hong Kong set (HKSCS) where it has nothing.  0 = no character.
"""
import sys

TRAIL_GB = [*range(0x40, 0x7F), *range(0x80, 0xFF)]
TRAIL_BIG5 = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
GB_2022 = {
    0xA6D9: 0xFE10, 0xA6DA: 0xFE12, 0xA6DB: 0xFE11, 0xA6DC: 0xFE13, 0xA6DD: 0xFE14, 0xA6DE: 0xFE15, 0xA6DF: 0xFE16,
    0xA6EC: 0xFE17, 0xA6ED: 0xFE18, 0xA6F3: 0xFE19, 0xFE59: 0x9FB4, 0xFE61: 0x9FB5, 0xFE66: 0x9FB6, 0xFE67: 0x9FB7,
    0xFE6D: 0x9FB8, 0xFE7E: 0x9FB9, 0xFE90: 0x9FBA, 0xFEA0: 0x9FBB, 0xA8BC: 0x1E3F,
}


def character(raw, codecs):
    if codecs == ["gb18030"] and int.from_bytes(raw, "big") in GB_2022:
        return GB_2022[int.from_bytes(raw, "big")]
    for codec in codecs:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        return ord(text) if len(text) == 1 else 0  # a few of Big5 stand for two characters: none of ours
    return 0


def table(trails, codecs):
    return [character(bytes((lead, trail)), codecs) for lead in range(0x81, 0xFF) for trail in trails]


def linear(raw):
    """The number of a four-byte sequence."""
    return ((raw[0] - 0x81) * 10 + raw[1] - 0x30) * 1260 + (raw[2] - 0x81) * 10 + raw[3] - 0x30


def ranges():
    """The four-byte sequences of the basic plane: [(first number, its character)], each up to the next."""
    found = []
    for c in range(0x80, 0x10000):
        raw = b"" if 0xD800 <= c < 0xE000 else chr(c).encode("gb18030")
        if len(raw) == 4:
            found.append((linear(raw), c))
    found.sort()
    assert [n for n, _ in found] == list(range(len(found))), "four-byte sequences without a character"
    starts = [pair for i, pair in enumerate(found) if i == 0 or found[i - 1][1] + 1 != pair[1]]
    assert starts == sorted(starts, key=lambda pair: pair[1]), "characters out of order"
    return [*starts, (len(found), 0)]


def rows(values, form):
    lines = [", ".join(form(v) for v in values[i:i + 16]) for i in range(0, len(values), 16)]
    return "{\n\t" + ",\n\t".join(lines) + ",\n};\n"


def main():
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write('#include "gateway/core/charset_table.h"\n')
        out.write("const uint16_t charset_table_gb[CHARSET_TABLE_GB] = " + rows(table(TRAIL_GB, ["gb18030"]), hex))
        out.write("const uint32_t charset_table_big5[CHARSET_TABLE_BIG5] = " + rows(table(TRAIL_BIG5, ["cp950", "big5hkscs"]), hex))
        out.write("const struct charset_table_range charset_table_ranges[] = "
                  + rows(ranges(), lambda pair: f"{{ {pair[0]}, {hex(pair[1])} }}"))
        out.write("const size_t charset_table_ranges_n = sizeof charset_table_ranges / sizeof *charset_table_ranges;\n")


main()
