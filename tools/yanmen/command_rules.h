/*
 * command_rules - the rows of command.c's table about secure mode, command rules and SQL rules: a part of that file, read inside the table.
 */
/* clang-format off */
#define ACTION(option, value) { .kind = CLI_FLAG, .name = option, .key = "action", .fixed = value, .choice = 1 }
#define ACTION_MAYBE(option, value) { .kind = CLI_FLAG, .name = option, .key = "action", .fixed = value }
#define COMMAND_ACTIONS ACTION("--deny", "deny"), ACTION("--ask", "ask"), ACTION("--allow", "allow"), ACTION("--alert", "alert")
#define SQL_ACTIONS ACTION("--deny", "deny"), ACTION("--approve", "approve"), ACTION("--allow", "allow"), ACTION("--alert", "alert")
#define ACTION_EN "what happens to it? give one of the actions"
#define ACTION_ZH "命中后如何处理?请给出一种动作"
#define COMMAND_WHAT TEXT("--program", "program"), TEXT("--args", "args"), TEXT("--path", "path"), TEXT("--account", "account"), \
	TEXT("--target", "target"), TEXT("--hours", "hours")
#define RULE_REST TEXT("--name", "name"), TEXT("--reason", "reason_en"), TEXT("--reason-zh", "reason_zh"), TEXT("--enabled", "enabled")
#define SQL_WHAT TEXT("--user", "user"), TEXT("--role", "role"), TEXT("--dialect", "dialect"), TEXT("--database", "database"), \
	TEXT("--tables", "tables"), MANY("--class", "class"), MANY("--flag", "flag"), MANY("--without", "without"), TEXT("--hours", "hours"), \
	MANY("--from", "from"), TEXT("--program", "program"), TEXT("--statements", "statements"), TEXT("--rows", "rows")
#define COMMAND_WHAT_EN \
	"  --program P       glob over the program's name: rm, mkfs*, reboot|halt; * any run, ? one character, a|b either\n" \
	"  --args PATTERN    words, each of which must fit some argument: -r (also in -rf), /etc*, of=/dev/sd*, !word (no argument fits it)\n" \
	"  --path P          glob over the program's file; --account, --target: globs; --hours: as of a grant\n"
#define RULE_REST_EN "  --name, --reason, --reason-zh: its name, what whom it stops reads; --enabled on|off\n"
#define RULE_REST_ZH "  --name、--reason、--reason-zh:名称与被拦截者看到的原因;--enabled on|off\n"
#define COMMAND_WHAT_ZH \
	"  --program P       程序名通配:rm, mkfs*, reboot|halt;* 任意一段,? 一个字符,a|b 其一\n" \
	"  --args PATTERN    多个词,每个词须有参数与之相符:-r(含 -rf),/etc*,of=/dev/sd*,!词(无参数相符)\n" \
	"  --path P          程序文件通配;--account、--target:通配;--hours:同授权\n"
#define SQL_WHAT_EN \
	"  --class C, --flag F, --without F   DELETE, DROP, UNPARSED… with NO_WHERE, DYNAMIC…, without TEMP…; may be repeated, any of them\n" \
	"  --user, --role, --database, --program   globs; --tables   words, globs over schema.table; --dialect mysql|tsql\n" \
	"  --from NET, --hours H   from where, when; --statements N, --rows N   more than so many\n" \
	"  --name, --reason, --reason-zh: its name, what whom it stops reads; --enabled on|off\n"
#define SQL_WHAT_ZH \
	"  --class C、--flag F、--without F   DELETE、DROP、UNPARSED 等,含 NO_WHERE、DYNAMIC 等,不含 TEMP 等;可重复,任一相符\n" \
	"  --user、--role、--database、--program   通配;--tables   多个词,schema.table 通配;--dialect mysql|tsql\n" \
	"  --from NET、--hours H   来源与时段;--statements N、--rows N   超过此数\n" \
	"  --name、--reason、--reason-zh:名称与被拦截者看到的原因;--enabled on|off\n"
#define SQL_SCOPE TEXT("--cluster", "cluster"), TEXT("--group", "group"), TEXT("--target", "target")
#define COMMAND_COLUMNS "id,place,cluster,enabled,name,action,program,args,path,account,target,hours"
#define SQL_COLUMNS "id,place,cluster,group,target,enabled,name,action,classes,flags,without,tables"
	{ .words = "secure-mode set", .form = "CLUSTER [--on|--off] [--doors refuse|observer|record] [--unknown A] [--default A]",
	  .en = "a cluster's secure mode; kept and tried, not yet enforced", .zh = "集群的安全模式;已保存并可试运行,尚未强制执行",
	  .example = "secure-mode set production --on --doors observer",
	  .notes_en = "  --doors refuse|observer|record   doors that cannot enforce: refused, an admin must be watching, recorded only\n"
		      "  --unknown allow|ask|deny         when nobody can tell whether a rule fits\n"
		      "  --default allow|ask|deny         when no rule fits; deny makes the rules an allow-list\n" VERSION_NOTE_EN,
	  .notes_zh = "  --doors refuse|observer|record   无法强制执行的入口:拒绝、须有管理员在看、仅录像\n"
		      "  --unknown allow|ask|deny         无法判断规则是否命中时\n"
		      "  --default allow|ask|deny         没有规则命中时;deny 即白名单\n" VERSION_NOTE_ZH,
	  .params = { WORD("CLUSTER", "cluster"), { .kind = CLI_FLAG, .name = "--on", .key = "secure", .fixed = "on" },
		  { .kind = CLI_FLAG, .name = "--off", .key = "secure", .fixed = "off" }, TEXT("--doors", "doors"), TEXT("--unknown", "unknown"),
		  TEXT("--default", "default"), VERSION } },
	{ .words = "secure-mode list", .form = "", .en = "secure mode of the clusters", .zh = "列出各集群的安全模式", .example = "secure-mode list",
	  .columns = "cluster,secure,doors,unknown,default,rules" },
	{ .words = "command-rule add", .form = "[--cluster C] --program P [--args PATTERN] --deny|--ask|--allow|--alert [--place N]",
	  .en = "a rule on commands, of one cluster or of all; kept and tried, not yet enforced", .zh = "添加命令规则(单个集群或全部);已保存并可试运行,尚未强制执行",
	  .example = "command-rule add --cluster production --program rm --args '-r|-R /etc*' --deny",
	  .notes_en = COMMAND_WHAT_EN RULE_REST_EN "  --cluster C       of this cluster alone; --place N: as the Nth of them",
	  .notes_zh = COMMAND_WHAT_ZH RULE_REST_ZH "  --cluster C       仅限该集群;--place N:排在第 N 位",
	  .params = { TEXT("--cluster", "cluster"), COMMAND_WHAT, COMMAND_ACTIONS, RULE_REST, TEXT("--place", "place") },
	  .choices = { { .en = ACTION_EN, .zh = ACTION_ZH } } },
	{ .words = "command-rule set", .form = "ID [--program P] [--args PATTERN] [--deny|--ask|--allow|--alert] …",
	  .en = "changes a rule on commands", .zh = "修改命令规则", .example = "command-rule set 12 --enabled on",
	  .notes_en = COMMAND_WHAT_EN RULE_REST_EN VERSION_NOTE_EN, .notes_zh = COMMAND_WHAT_ZH RULE_REST_ZH VERSION_NOTE_ZH,
	  .params = { ID, COMMAND_WHAT, ACTION_MAYBE("--deny", "deny"), ACTION_MAYBE("--ask", "ask"), ACTION_MAYBE("--allow", "allow"),
		  ACTION_MAYBE("--alert", "alert"), RULE_REST, VERSION } },
	{ .words = "command-rule move", .form = "ID PLACE [--if-version N]", .en = "puts a rule at that place of its cluster's, 1 = the first", .zh = "移动规则在其集群中的位置,1 为最前",
	  .example = "command-rule move 12 1", .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { ID, WORD("PLACE", "to"), VERSION } },
	{ .words = "command-rule remove", .form = "ID [--if-version N]", .en = "removes a rule on commands", .zh = "移除命令规则", .example = "command-rule remove 12",
	  .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { ID, VERSION } },
	{ .words = "command-rule list", .form = "[--cluster C]", .en = "the rules on commands in their order, those of all clusters first", .zh = "按顺序列出命令规则,全局规则在前",
	  .example = "command-rule list", .columns = COMMAND_COLUMNS, .params = { TEXT("--cluster", "cluster") } },
	{ .words = "command-rule import", .form = "[--cluster C]", .en = "adds the starter set, switched off", .zh = "导入内置规则集(默认停用)",
	  .example = "command-rule import --cluster production", .params = { TEXT("--cluster", "cluster") } },
	{ .words = "command-rule try", .form = "(ID | --program P [--args PATTERN] …) [--since T]",
	  .en = "which commands of the history a rule would have hit, by their text", .zh = "按文本试运行:历史命令中哪些会被该规则命中",
	  .example = "command-rule try --program rm --args '-r|-R /etc*' --since 30d",
	  .notes_en = COMMAND_WHAT_EN "  --cluster C       only there\n  --since T         30 days; what is looked at is the newest 3,000 of each kind",
	  .notes_zh = COMMAND_WHAT_ZH "  --cluster C       仅限该集群\n  --since T         默认 30 天;每类最多看最近 3000 条",
	  .params = { { .kind = CLI_WORD, .name = "ID", .key = "id", .choice = 1 }, TEXT("--cluster", "cluster"),
		  { .kind = CLI_TEXT, .name = "--program", .key = "program", .choice = 1 }, { .kind = CLI_TEXT, .name = "--args", .key = "args", .choice = 1 },
		  { .kind = CLI_TEXT, .name = "--path", .key = "path", .choice = 1 }, TEXT("--account", "account"), TEXT("--target", "target"),
		  TEXT("--hours", "hours"), { .kind = CLI_SINCE, .name = "--since", .key = "since" } },
	  .choices = { { .en = "which rule? give its ID, or --program, --args or --path", .zh = "试哪条规则?请给出 ID,或 --program、--args、--path" } } },
	{ .words = "command-rule check", .form = "LINE [--cluster C] [--account A] [--target T] [--directory D]",
	  .en = "what the rules that are on say to a command line", .zh = "查看已启用的规则如何处理一条命令", .example = "command-rule check 'sudo rm -rf /etc' --cluster production",
	  .params = { WORD("LINE", "line"), TEXT("--cluster", "cluster"), TEXT("--account", "account"), TEXT("--target", "target"), TEXT("--directory", "directory") } },
	{ .words = "sql-rule add", .form = "[--cluster C | --group G | --target T] [--class C]… [--flag F]… --deny|--approve|--allow|--alert [--place N]",
	  .en = "a rule on SQL statements; in force at the MySQL door, not yet for SQL Server", .zh = "添加 SQL 规则;在 MySQL 入口强制执行,SQL Server 尚未",
	  .example = "sql-rule add --target orders-db --class UPDATE --class DELETE --flag NO_WHERE --deny",
	  .notes_en = SQL_WHAT_EN "  --cluster, --group, --target   of these alone; --place N: as the Nth of them",
	  .notes_zh = SQL_WHAT_ZH "  --cluster、--group、--target   仅限其一;--place N:排在第 N 位",
	  .params = { SQL_SCOPE, SQL_WHAT, SQL_ACTIONS, RULE_REST, TEXT("--place", "place") },
	  .choices = { { .en = ACTION_EN, .zh = ACTION_ZH } } },
	{ .words = "sql-rule set", .form = "ID [--class C]… [--flag F]… [--deny|--approve|--allow|--alert] …", .en = "changes a rule on SQL statements", .zh = "修改 SQL 规则",
	  .example = "sql-rule set 7 --enabled on", .notes_en = SQL_WHAT_EN VERSION_NOTE_EN, .notes_zh = SQL_WHAT_ZH VERSION_NOTE_ZH,
	  .params = { ID, SQL_WHAT, ACTION_MAYBE("--deny", "deny"), ACTION_MAYBE("--approve", "approve"), ACTION_MAYBE("--allow", "allow"),
		  ACTION_MAYBE("--alert", "alert"), RULE_REST, VERSION } },
	{ .words = "sql-rule move", .form = "ID PLACE [--if-version N]", .en = "puts a rule at that place among those of its scope", .zh = "移动规则在其范围中的位置",
	  .example = "sql-rule move 7 1", .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { ID, WORD("PLACE", "to"), VERSION } },
	{ .words = "sql-rule remove", .form = "ID [--if-version N]", .en = "removes a rule on SQL statements", .zh = "移除 SQL 规则", .example = "sql-rule remove 7",
	  .notes_en = VERSION_NOTE_EN, .notes_zh = VERSION_NOTE_ZH, .params = { ID, VERSION } },
	{ .words = "sql-rule list", .form = "", .en = "the rules on SQL statements in their order", .zh = "按顺序列出 SQL 规则", .example = "sql-rule list",
	  .columns = SQL_COLUMNS },
	{ .words = "sql-rule import", .form = "[--cluster C | --group G | --target T]", .en = "adds the starter set, switched off", .zh = "导入内置 SQL 规则集(默认停用)",
	  .example = "sql-rule import --target orders-db", .params = { SQL_SCOPE } },
	{ .words = "sql-rule check", .form = "TARGET [--class C]… [--flag F]… [--table T]… [--user U] …",
	  .en = "what the rules that are on say to a statement of these classes", .zh = "查看已启用的规则如何处理此类语句",
	  .example = "sql-rule check orders-db --class DELETE --flag NO_WHERE --table shop.orders",
	  .notes_en = "  --class C, --flag F   what the statement is made of, as the reader of SQL will say it; may be repeated\n"
		      "  --table T, --database D, --user U, --program P, --address A   what it touches; who asks, by what, from where\n"
		      "  --statements N, --rows N   so many in the batch; the estimate, unknown when not given",
	  .notes_zh = "  --class C、--flag F   语句的组成(将来由 SQL 解析给出);可重复\n"
		      "  --table T、--database D、--user U、--program P、--address A   涉及的表与库;何人、何程序、何处\n"
		      "  --statements N、--rows N   批内语句数;估计行数,不给出即未知",
	  .params = { WORD("TARGET", "target"), MANY("--class", "class"), MANY("--flag", "flag"), MANY("--table", "table"), TEXT("--database", "database"),
		  TEXT("--user", "user"), TEXT("--program", "program"), TEXT("--address", "address"), TEXT("--statements", "statements"), TEXT("--rows", "rows") } },
	{ .words = "sql-policy set", .form = "TARGET [--default allow|approve|deny] [--approval on|off] [--approvers GROUP|none]",
	  .en = "what a database does where no rule fits, and who approves", .zh = "数据库在无规则命中时的处理方式及审批人", .example = "sql-policy set orders-db --default approve --approval on",
	  .notes_en = "  --approval off    what needs an approval is refused\n  --approvers G     the admins of this group; none: who decides on requests for it\n" VERSION_NOTE_EN,
	  .notes_zh = "  --approval off    需审批的语句一律拒绝\n  --approvers G     由该资源组的管理员审批;none:由审批其申请的人审批\n" VERSION_NOTE_ZH,
	  .params = { WORD("TARGET", "target"), TEXT("--default", "default"), TEXT("--approval", "approval"), TEXT("--approvers", "approvers"), VERSION } },
	{ .words = "sql-policy list", .form = "", .en = "default and approval of the databases", .zh = "列出各数据库的默认处理与审批", .example = "sql-policy list",
	  .columns = "target,kind,default,approval,approvers" },
/* clang-format on */
