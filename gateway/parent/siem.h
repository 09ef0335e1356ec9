#ifndef GATEWAY_SIEM_H
#define GATEWAY_SIEM_H
#include "gateway/parent/roles.h"
struct conf;
struct err;
/*
 * siem - the files of the SIEM stream, opened for yanmen-export by its parent, which may read what that may not.
 *
 * They are opened anew for each process, so that a renewed certificate needs a HUP and no restart of the gateway.  The private
 * key must be closed to others.  The folder of siem.file is made where there is none (0750, of users.export); one that is
 * there is left as it is.
 * Errors:  err->say is the line for the person who starts yanmend.
 */
int gw_siem_check(const struct conf *conf, struct err *err); /* changes nothing */
int gw_siem_prepare(const struct conf *conf, struct err *err); /* checks, and makes the folder */
/* gift: one of GW_GIFT_SIEM_*; the caller closes it. */
int gw_siem_open(const struct conf *conf, enum gw_roles_gift gift, int *ret_fd, struct err *err);
#endif
