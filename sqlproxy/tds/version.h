#ifndef TDS_VERSION_H
#define TDS_VERSION_H
#include <stdint.h>
/*
 * version - which of the protocol's versions two peers speak: what differs on the wire depends on it.
 *
 * Source:  [MS-TDS] 2.2.7.14 LOGINACK, the table of versions; 2.2.6.4 LOGIN7.
 * Shape:   ranks are in order, the numbers on the wire are not (8.0 is 0x08000000, 7.0 is 0x07000000 in answers).
 *          7.1 brought collations, 7.2 headers before requests, user types of 4 bytes and counts of 8, 7.3B rows with a bitmap of nulls.
 */
enum tds_rank { TDS_OLD, TDS_7_0, TDS_7_1, TDS_7_2, TDS_7_3A, TDS_7_3B, TDS_7_4, TDS_8_0 };

/* TDS_OLD is what is not known: nobody may go on with it. */
static inline enum tds_rank tds_version_rank(uint32_t wire)
{
	switch (wire) {
	case 0x70000000:
	case 0x07000000:
		return TDS_7_0;
	case 0x71000000:
	case 0x71000001:
	case 0x07010000:
		return TDS_7_1;
	case 0x72090002:
		return TDS_7_2;
	case 0x730a0003:
		return TDS_7_3A;
	case 0x730b0003:
		return TDS_7_3B;
	case 0x74000004:
		return TDS_7_4;
	case 0x08000000:
		return TDS_8_0;
	default:
		return TDS_OLD;
	}
}
#endif
