#include "gateway/core/clock.h"
#include <stdlib.h>
#include <time.h>

static int64_t fake_us; /* 0 = real */

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	if (fake_us != 0)
		return fake_us;
	if (clock_gettime(id, &t) < 0)
		abort();
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clock_fake(int64_t now_us)
{
	fake_us = now_us;
}

void clock_advance(int64_t by_us)
{
	if (fake_us != 0)
		fake_us += by_us;
}
