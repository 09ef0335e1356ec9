#include "webterm/serve.h"
#include "gateway/core/json.h"
#include "gateway/core/pg.h"
#include "webterm/answer.h"
#include "webterm/broker.h"
#include "webterm/command.h"
#include "webterm/document.h"
#include "webterm/files.h"
#include "webterm/login.h"
#include "webterm/read.h"
#include "webterm/recording.h"
#include "webterm/result.h"
#include "webterm/terminal.h"
#include "webterm/transfer.h"

static void health(struct web_request *r)
{
	struct buf body;
	struct json j;
	bool broker = web_broker_is_there(r->web->broker), database = pg_is_up(r->web->pg);
	buf_init(&body, 256);
	json_open(&j, &body);
	json_obj(&j, NULL);
	json_bool(&j, "broker", broker);
	json_bool(&j, "database", database);
	json_end(&j);
	web_answer(r, &(struct web_answer){
		.status = broker && database ? 200 : 503, .type = "application/json", .body = buf_span(&body) });
	buf_done(&body);
}

void web_serve(struct web_request *r)
{
	static void (*const handlers[WEB_ROUTE_NAMES])(struct web_request *r) = {
		[WEB_ROUTE_PAGE] = web_files_page,
		[WEB_ROUTE_FILE] = web_files_file,
		[WEB_ROUTE_HEALTH] = health,
		[WEB_ROUTE_LOGIN] = web_login_begin,
		[WEB_ROUTE_LOGIN_PASSKEY] = web_login_passkey,
		[WEB_ROUTE_LOGIN_STEP] = web_login_step,
		[WEB_ROUTE_LOGOUT] = web_command_logout,
		[WEB_ROUTE_ME] = web_read_me,
		[WEB_ROUTE_LIST] = web_read_list,
		[WEB_ROUTE_ROW] = web_read_row,
		[WEB_ROUTE_COMMAND] = web_command_run,
		[WEB_ROUTE_RESULT] = web_result_fetch,
		[WEB_ROUTE_TERMINAL_NEW] = web_terminal_new,
		[WEB_ROUTE_TERMINAL_TICKET] = web_terminal_ticket,
		[WEB_ROUTE_DOWNLOAD] = web_transfer_download,
		[WEB_ROUTE_UPLOAD] = web_transfer_upload,
		[WEB_ROUTE_DOCUMENT_PUT] = web_document_put,
		[WEB_ROUTE_DOCUMENT_GET] = web_document_get,
		[WEB_ROUTE_RECORDING] = web_recording_get,
		[WEB_ROUTE_WATCH_TICKET] = web_read_ticket,
		[WEB_ROUTE_REPLAY_TICKET] = web_read_ticket,
		[WEB_ROUTE_EVENTS_TICKET] = web_read_ticket,
	};
	if (handlers[r->route.name])
		handlers[r->route.name](r);
	else
		web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
}
