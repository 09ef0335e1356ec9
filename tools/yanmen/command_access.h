/*
 * command_access - the rows of command.c's table about access passwords: a part of that file, read inside the table.
 */
/* clang-format off */
	{ .words = "access-password add", .form = "NAME --user U [--door mysql|tds] [--for 30d] [--from NET]… --output F",
	  .en = "an access password of a user, for SQL clients; its text is written once, into a new file",
	  .zh = "为用户创建访问口令,供 SQL 客户端使用;口令文本仅写入新文件一次",
	  .example = "access-password add reports --user alice --for 30d --output alice.password",
	  .notes_en = "  --door D     mysql (without it) or tds: the door that it is good at\n"
		      "  --for T      how long it is good, 30d; the setting access_password.longest is the most\n"
		      "  --from NET   only from this network, such as 10.0.0.0/8; may be repeated\n"
		      "  made here, on the gateway, it does not stand for a second factor; made by the user at the console, it does",
	  .notes_zh = "  --door D     mysql(默认)或 tds:可用于哪个入口\n"
		      "  --for T      有效时长,默认 30d;上限见设置 access_password.longest\n"
		      "  --from NET   仅限来自该网络,例如 10.0.0.0/8;可重复\n"
		      "  在网关本机创建的口令不能代替第二因子;用户在控制台自行创建的可以",
	  .params = { WORD("NAME", "name"), NEED("--user", "user"), TEXT("--door", "door"),
		  { .kind = CLI_SECONDS, .name = "--for", .key = "for" }, MANY("--from", "from"), NEED_LOCAL("--output") },
	  .run = cli_export },
	{ .words = "access-password list", .form = "", .en = "access passwords: whose, for which door, when and from where they were used",
	  .zh = "列出访问口令:属于谁、用于哪个入口、上次使用的时间与地址", .example = "access-password list",
	  .columns = "id,name,user,door,state,factored,networks,until,used,used_from" },
	{ .words = "access-password revoke", .form = "ID", .en = "takes an access password back, at once; sessions that began with it go on",
	  .zh = "立即吊销访问口令;已用其建立的会话不受影响", .example = "access-password revoke 17", .params = { ID } },
/* clang-format on */
