#ifndef GATEWAY_PEM_H
#define GATEWAY_PEM_H
struct err;
/*
 * pem - a certificate or a private key that the configuration names, opened for a service that may not read it itself.
 *
 * A regular file; a private key is closed to others.  section: of the configuration ("web"), for the line to the person.
 * Errors:  err->say is that line.
 */
enum gw_pem_kind { GW_PEM_OPEN, GW_PEM_KEY };
int gw_pem_open(enum gw_pem_kind kind, const char *section, const char *path, int *ret_fd, struct err *err);
#endif
