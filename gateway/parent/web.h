#ifndef GATEWAY_PARENT_WEB_H
#define GATEWAY_PARENT_WEB_H
#include "gateway/parent/roles.h"
struct conf;
struct err;
/*
 * web - what yanmen-web (the last two: SQL workers too) gets from its parent: the folder of the built console, the certificate and its key, opened anew for
 * each process (a renewed certificate needs a HUP and no restart of the gateway), and the socket that browsers connect to.
 *
 * The folder: web.files, or share/yanmen/console of the installation.  The private key must be closed to others.
 * Errors:  err->say is the line for the person who starts yanmend.
 */
int gw_web_check(const struct conf *conf, struct err *err); /* changes nothing; 0 where there is neither a console nor a SQL door */
/* gift: one of GW_GIFT_WEB_*; the caller closes it. */
int gw_web_open(const struct conf *conf, enum gw_roles_gift gift, int *ret_fd, struct err *err);
/* *ret_fd: -1 where there is no console.  It is opened once, and lent to each yanmen-web. */
int gw_web_listen(const struct conf *conf, int *ret_fd, struct err *err);
#endif
