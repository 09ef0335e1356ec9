#include "gateway/ssh/ssh.h"

int main(void)
{
	return gw_worker_main(&gw_ssh_proto);
}
