/*
 * command_cloud - the rows of command.c's table about accounts of cloud consoles: a part of that file, read inside the table.
 */
/* clang-format off */
	{ .words = "cloud add", .form = "NAME --provider P --kind K --login L --group G [--page URL] [--key-id ID] [--remind DAYS]",
	  .en = "registers an account of a cloud console; its secrets come by: cloud secret", .zh = "登记云控制台账号;其密码与密钥用 cloud secret 录入",
	  .example = "cloud add aliyun-ops --provider aliyun --kind operate --login ops@1234567890 --group web",
	  .notes_en = "  --provider P   aliyun, tencent, huawei, aws or other\n  --kind K       operate, or readonly\n"
		      "  --login L      the account's name at the provider\n  --page URL     where one signs in, https://…; none = no such page\n"
		      "  --key-id ID    of its access key, which is no secret; none = it has no key\n  --remind DAYS  older secrets are due for a change; 90 without it, 0 = never",
	  .notes_zh = "  --provider P   aliyun、tencent、huawei、aws 或 other\n  --kind K       operate(操作)或 readonly(只读)\n"
		      "  --login L      在云厂商处的账号名\n  --page URL     登录页地址,https://…;none 为清空\n"
		      "  --key-id ID    访问密钥的 ID,不属于机密;none 为清空\n  --remind DAYS  超过此天数提醒更换;默认 90,0 为不提醒",
	  .params = { WORD("NAME", "name"), NEED("--provider", "provider"), NEED("--kind", "kind"), NEED("--login", "login"),
		  NEED("--group", "group"), TEXT("--page", "url"), TEXT("--key-id", "key_id"), TEXT("--remind", "remind") } },
	{ .words = "cloud set", .form = "NAME [--provider P] [--kind K] [--login L] [--group G] [--page URL] [--key-id ID] [--remind DAYS] [--if-version N]",
	  .en = "changes what stands there; its secrets stay", .zh = "修改云账号的登记信息;密码与密钥不变",
	  .example = "cloud set aliyun-ops --remind 30",
	  .notes_en = "  --provider P, --kind K, --login L, --group G, --page URL, --key-id ID, --remind DAYS   as in cloud add\n" VERSION_NOTE_EN,
	  .notes_zh = "  --provider P、--kind K、--login L、--group G、--page URL、--key-id ID、--remind DAYS   与 cloud add 相同\n" VERSION_NOTE_ZH,
	  .params = { WORD("NAME", "name"), TEXT("--provider", "provider"), TEXT("--kind", "kind"), TEXT("--login", "login"),
		  TEXT("--group", "group"), TEXT("--page", "url"), TEXT("--key-id", "key_id"), TEXT("--remind", "remind"), VERSION } },
	{ .words = "cloud secret", .form = "NAME --password-file F | --secret-file F",
	  .en = "its password, or the secret of its access key; the vault seals it", .zh = "录入云账号的密码或访问密钥;由保险库加密",
	  .example = "cloud secret aliyun-ops --password-file pw",
	  .notes_en = "  --password-file F   one line, the password\n  --secret-file F     one line, the secret of the access key\n"
		      "  the password is seen by who may open it, at the console; the secret of an access key by nobody",
	  .notes_zh = "  --password-file F   一行,即密码\n  --secret-file F     一行,即访问密钥的 Secret\n"
		      "  密码仅由有权打开者在控制台查看;访问密钥的 Secret 任何人都无法再查看",
	  .params = { WORD("NAME", "name"),
		  { .kind = CLI_SECRET, .name = "--password-file", .choice = 1, .kind_value = "password" },
		  { .kind = CLI_SECRET, .name = "--secret-file", .choice = 1, .kind_value = "key" } },
	  .choices = { { .en = "give --password-file F or --secret-file F", .zh = "请给出 --password-file 或 --secret-file" } } },
	{ .words = "cloud remove", .form = "NAME", .en = "removes it and destroys its secrets; who opened them stays in the audit log",
	  .zh = "移除云账号并销毁其密码与密钥;打开记录保留在审计日志中", .example = "cloud remove aliyun-ops",
	  .params = { WORD("NAME", "name") } },
	{ .words = "cloud list", .form = "", .en = "cloud accounts: no secret is in it", .zh = "列出云账号;不含密码与密钥", .example = "cloud list",
	  .columns = "name,provider,kind,login,group,key_id,password_at,key_at,due,users,opened" },
	{ .words = "cloud allow", .form = "--group G --user U [--until T]",
	  .en = "who may open the passwords of a group's cloud accounts, at the console", .zh = "授权某人在控制台打开某资源组云账号的密码",
	  .example = "cloud allow --group web --user alice --until 30d",
	  .notes_en = "  --until T   30d, or 2026-12-31T18:00:00+08:00",
	  .notes_zh = "  --until T   30d,或 2026-12-31T18:00:00+08:00",
	  .params = { NEED("--group", "group"), NEED("--user", "user"), { .kind = CLI_UNTIL, .name = "--until", .key = "until" } } },
	{ .words = "cloud forbid", .form = "--group G --user U", .en = "takes that back", .zh = "收回该授权",
	  .example = "cloud forbid --group web --user alice", .params = { NEED("--group", "group"), NEED("--user", "user") } },
	{ .words = "cloud openings", .form = "[--name NAME]", .en = "who opened which password, when and why, newest first",
	  .zh = "列出密码的打开记录(谁、何时、事由),由新到旧", .example = "cloud openings --name aliyun-ops",
	  .columns = "at,name,user,address,reason", .params = { TEXT("--name", "name") } },
/* clang-format on */
