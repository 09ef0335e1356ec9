"""tests/browser/notify.test.mjs: a mail server, and a target that may be asked for with its group's admin and two askers."""

import pytest
from conftest import work_dir
from harness.receivers import Hook, Mail
from harness.siem import Authority

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
SETTINGS = {"notify.networks": "127.0.0.0/8,::1/128", "notify.tries": "1"}


def test_in_chromium(chromium, instance, sshd):
    authority = Authority(work_dir(), "ours")
    mail, robot = Mail(authority).start(), Hook(authority)
    group, target = instance.name("g"), instance.target(sshd.port)
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, target)
    instance.ok("group", "requestable", group, "on")
    decider, *askers = instance.user("group_admin"), instance.user(), instance.user()
    instance.ok("group", "admin", group, decider.name)
    instance.ok("user", "set", decider.name, "--mail", f"{decider.name}@example.com")
    instance.ok("user", "set", askers[0].name, "--lang", "zh")
    before = {key: instance.ok("settings", "get", key)["value"] for key in SETTINGS}

    def who(u):
        return {"name": u.name, "password_file": str(u.password_file)}
    try:
        for key, value in SETTINGS.items():
            instance.ok("settings", "set", key, value)
        chromium("notify", target=target, group=group, account=instance.account.name, decider=who(decider), askers=[who(u) for u in askers],
                 server=f"localhost:{mail.port}", robot=robot.url("/robot/send?access_token=t0ps3cr3t"), ca=authority.file.read_text())
    finally:
        for key, value in before.items():
            instance.ok("settings", "set", key, value)
        for channel in instance.ok("channel", "list"):
            instance.ok("channel", "remove", channel["name"])
        mail.stop()
        robot.stop()
    told = [(to, message["Subject"]) for _, to, message in mail.came]
    assert sum("was approved" in subject for _, subject in told) == sum("已批准" in subject for _, subject in told) == 1
    assert len(robot.came) >= 2
