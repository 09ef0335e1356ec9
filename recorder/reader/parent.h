#ifndef READER_PARENT_H
#define READER_PARENT_H
#include <stdbool.h>
/*
 * parent - does the parent want this process to leave?  Takes one message when there is one: `client` and `replace` mean
 * nothing to a reader, everything else, and the end, mean leave.
 */
bool reader_parent_leaves(int parent);
#endif
