"""tests/browser/rotation.test.mjs: a template whose login is on a machine with passwords of its own."""

import pytest
from harness.machine import Machine

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium, instance):
    machine = Machine(instance).start()
    template = instance.name("tpl")
    try:
        account = machine.account()
        target = instance.target(machine.port, machine.account())
        instance.ok("template", "add", template, "--login", account.name)
        chromium("rotation", machine=target, template=template, login=account.name, secret=account.password_file.read_text().strip())
    finally:
        instance.cli("template", "remove", template)
        machine.end()
