#ifndef POL_MENU_H
#define POL_MENU_H
struct pol_worker;
struct wire_targets;
/*
 * menu - one page of the targets that a user may choose from.  What he may not use he does not see.
 * Limits:  POL_MENU_PAGE rows; a page always fits one message.
 */
enum { POL_MENU_PAGE = 50 };
void pol_menu_ask(struct pol_worker *w, const struct wire_targets *m);
#endif
