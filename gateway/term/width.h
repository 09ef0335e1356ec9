#ifndef TERM_WIDTH_H
#define TERM_WIDTH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * width - how many cells of a terminal a character takes: 0, 1 or 2.
 *
 * Source:  Unicode 14, East_Asian_Width and general category; ambiguous characters take one cell, as terminals do
 *          outside the old CJK locales.  Not wcwidth(3): its answer depends on the process's locale.
 */
unsigned term_width(uint32_t c);
#endif
