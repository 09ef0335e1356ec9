/*
 * command_sql_request - the rows of command.c's table about SQL approval: a part of that file, read inside the table.
 */
/* clang-format off */
#define SQL_FILE { .kind = CLI_SQL, .name = "--file", .needed = true }
#define SQL_UNTIL(need) { .kind = CLI_UNTIL, .name = "--until", .key = "until", .needed = need }
#define SQL_MORE \
	TEXT("--database", "database"), { .kind = CLI_UNTIL, .name = "--starts", .key = "starts" }, TEXT("--rows", "rows"), TEXT("--mode", "mode"), \
	{ .kind = CLI_FLAG, .name = "--continue", .key = "stop_on_error", .fixed = "off" }
#define SQL_MORE_EN \
	"  --file F        the SQL, UTF-8, at most 1 MiB\n" \
	"  --rows N        no statement is to change more rows than this\n" \
	"  --continue      goes on after an error\n" \
	"  --mode client   your own client sends it, once, over the gateway: the only mode so far"
#define SQL_MORE_ZH \
	"  --file F        SQL 文件,UTF-8,最大 1 MiB\n" \
	"  --rows N        每条语句最多改动的行数\n" \
	"  --continue      出错后继续执行其余语句\n" \
	"  --mode client   由申请人自己的客户端经网关执行一次:目前仅支持此方式"
	{ .words = "sql-request check", .form = "TARGET --file F [--account A] [--database D]",
	  .en = "what a text is, what the rules say to it, and who would approve it", .zh = "检查 SQL:语句类别、规则结论与审批人",
	  .example = "sql-request check orders-db --file fix.sql --database shop",
	  .params = { WORD("TARGET", "target"), SQL_FILE, TEXT("--account", "account"), TEXT("--database", "database") } },
	{ .words = "sql-request add", .form = "TARGET --file F --reason R --until T [--account A] [--database D] [--starts T] [--rows N] [--continue] [--mode client]",
	  .en = "asks to run SQL on a database, once", .zh = "申请在数据库上执行 SQL,仅一次",
	  .example = "sql-request add orders-db --file fix.sql --database shop --until 1d --reason 'ticket 4711'",
	  .notes_en = "  who asks is who signs in (console, HTTPS)\n" SQL_MORE_EN,
	  .notes_zh = "  以登录者身份申请(控制台、HTTPS)\n" SQL_MORE_ZH,
	  .params = { WORD("TARGET", "target"), SQL_FILE, NEED("--reason", "reason"), SQL_UNTIL(true), TEXT("--account", "account"), SQL_MORE } },
	{ .words = "sql-request revise", .form = "ID --file F [--reason R] [--until T] [--database D] [--starts T] [--rows N] [--continue] [--mode client]",
	  .en = "asks anew with another text; who approves sees what changed", .zh = "修改后重新申请;审批人可看到改动",
	  .example = "sql-request revise 12 --file fix-2.sql", .notes_en = SQL_MORE_EN, .notes_zh = SQL_MORE_ZH,
	  .params = { ID, SQL_FILE, TEXT("--reason", "reason"), SQL_UNTIL(false), SQL_MORE } },
	{ .words = "sql-request list", .form = "[--state asked|approved|refused|withdrawn|expired|running|done|failed|unknown]",
	  .en = "SQL requests: one's own, and those one decides", .zh = "列出 SQL 申请:自己的,以及由自己审批的", .example = "sql-request list --state asked",
	  .columns = "id,state,user,target,account,database,classes,flags,verdict,until,reason,decided_by,answer", .params = { TEXT("--state", "state") } },
	{ .words = "sql-request show", .form = "ID", .en = "one SQL request: text, findings, what changed, steps, outcome",
	  .zh = "查看 SQL 申请:内容、检查结果、改动、流程与执行结果", .example = "sql-request show 12", .params = { ID } },
	{ .words = "sql-request approve", .form = "ID [--until T] [--rows N] [--sha256 H] [--reason R]",
	  .en = "lets it run once; less time or fewer rows than asked for, never more; never one's own", .zh = "批准执行一次;时限与行数只减不增;不得审批本人的申请",
	  .example = "sql-request approve 12 --rows 10", .notes_en = "  --sha256 H   only if this is the text's: of `sql-request show`",
	  .notes_zh = "  --sha256 H   仅当内容的 SHA-256 与此相符:见 sql-request show",
	  .params = { ID, SQL_UNTIL(false), TEXT("--rows", "rows"), TEXT("--sha256", "sha256"), TEXT("--reason", "reason") } },
	{ .words = "sql-request refuse", .form = "ID --reason R", .en = "refuses it, or takes an approval back that was not used yet",
	  .zh = "驳回申请,或收回尚未使用的批准", .example = "sql-request refuse 12 --reason 'add a WHERE'", .params = { ID, NEED("--reason", "reason") } },
	{ .words = "sql-request withdraw", .form = "ID [--reason R]", .en = "takes one's own request back before it runs", .zh = "在执行前撤回本人的申请",
	  .example = "sql-request withdraw 12", .params = { ID, TEXT("--reason", "reason") } },
/* clang-format on */
