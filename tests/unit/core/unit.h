#ifndef UNIT_H
#define UNIT_H
/* unit - what every cmocka program of ours includes first; the order is cmocka's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h> // IWYU pragma: keep
#include <stdint.h>
#include <cmocka.h>

#define CASE(name) cmocka_unit_test(name)
#endif
