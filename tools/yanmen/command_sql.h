/*
 * command_sql - the row of command.c's table about SQL classification: a part of that file, read inside the table.
 */
/* clang-format off */
	{ .words = "sql classify", .form = "--dialect mysql|mariadb|tsql [--sql-mode M] [--charset C] [--server-version V] [--lines | STATEMENT]",
	  .en = "what a statement would do: its classes, flags and tables, as the SQL door sees them", .zh = "分析 SQL 语句的作用:类别、标志与涉及的表,与 SQL 入口的判断一致",
	  .example = "sql classify --dialect mysql 'DELETE FROM orders'",
	  .notes_en = "  --sql-mode M         of the session: ANSI_QUOTES,NO_BACKSLASH_ESCAPES…; QUOTED_IDENTIFIER for tsql; unknown: every reading is made\n"
		      "  --charset C          of the connection: utf8mb4, latin1, gbk, big5, sjis…; unknown: every reading is made\n"
		      "  --server-version V   8.0.36, 10.11.6; without it version comments are read both ways\n"
		      "  --lines              JSON lines {\"sql_b64\": …} in, one answer a line out\n"
		      "  without a statement it is read from standard input",
	  .notes_zh = "  --sql-mode M         会话的 sql_mode:ANSI_QUOTES,NO_BACKSLASH_ESCAPES 等;tsql 用 QUOTED_IDENTIFIER;unknown 表示按各种可能分析\n"
		      "  --charset C          连接字符集:utf8mb4、latin1、gbk、big5、sjis 等;unknown 表示按各种可能分析\n"
		      "  --server-version V   如 8.0.36、10.11.6;未给出时版本注释按两种情况分析\n"
		      "  --lines              逐行读入 JSON {\"sql_b64\": …},逐行输出结果\n"
		      "  未给出语句时从标准输入读取",
	  .params = { NEED_LOCAL("--dialect"), LOCAL("--sql-mode"), LOCAL("--charset"), LOCAL("--server-version"),
		  { .kind = CLI_FLAG, .name = "--lines" }, { .kind = CLI_WORD, .name = "STATEMENT" } },
	  .offline = true, .run = cli_sql_classify },
