#ifndef CORE_CHARSET_TABLE_H
#define CORE_CHARSET_TABLE_H
#include <stddef.h>
#include <stdint.h>
/*
 * charset_table - what charset_table.py writes at build time, for charset.c alone.
 *
 * Shape:   characters by lead (0x81 to 0xfe) and trail, row by row; 0 = none.  ranges: the four-byte sequences of GB18030 in
 *          the basic plane by their number, each range up to the next; the last row is only an end.
 */
enum {
	CHARSET_TABLE_LEADS = 0xfe - 0x81 + 1,
	CHARSET_TABLE_GB_TRAILS = 63 + 127,  /* 40-7e, 80-fe */
	CHARSET_TABLE_BIG5_TRAILS = 63 + 94, /* 40-7e, a1-fe */
	CHARSET_TABLE_GB = CHARSET_TABLE_LEADS * CHARSET_TABLE_GB_TRAILS,
	CHARSET_TABLE_BIG5 = CHARSET_TABLE_LEADS * CHARSET_TABLE_BIG5_TRAILS,
};
struct charset_table_range {
	uint32_t number, character;
};
extern const uint16_t charset_table_gb[CHARSET_TABLE_GB];
extern const uint32_t charset_table_big5[CHARSET_TABLE_BIG5];
extern const struct charset_table_range charset_table_ranges[];
extern const size_t charset_table_ranges_n;
#endif
