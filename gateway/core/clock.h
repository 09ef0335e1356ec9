#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H
#include <stdint.h>
/*
 * clock - microseconds.  clock_mono_us: CLOCK_MONOTONIC, for deadlines.  clock_wall_us: since 1970 UTC,
 * for records only.  clock_fake sets both to a value that only clock_advance moves (tests); 0 = real again.
 */
int64_t clock_mono_us(void);
int64_t clock_wall_us(void);
void clock_fake(int64_t now_us);
void clock_advance(int64_t by_us);
#endif
