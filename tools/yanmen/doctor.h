#ifndef TOOLS_YANMEN_DOCTOR_H
#define TOOLS_YANMEN_DOCTOR_H
#include "tools/yanmen/cli.h"
/*
 * doctor - the broker's checks, and those that only somebody on this machine can make: key file, clock, kernel, limits, disks.
 *
 * Exit code 1 when one of them says fail.  Needs no gateway for its own checks: when that does not answer, they are shown with
 * that as the first line.
 */
int cli_doctor(const struct cli *cli, struct cli_call *call);
#endif
