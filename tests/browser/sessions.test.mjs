// The admin watches, locks and ends; the auditor finds and replays.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, openShell, shot, shows, signIn, texts, type, user } from './harness.mjs'

/* An engineer in a shell, and his row in the admin's table. */
async function both(t, mark) {
	const engineer = await browser(t)
	const admin = await browser(t)
	await signIn(admin, user('admin'), '/sessions')
	await signIn(engineer, user('watched'))
	await openShell(engineer, facts.target)
	await type(engineer, `echo ${mark}`)
	await shows(engineer, new RegExp(`^${mark}$`, 'm'))
	const row = admin.locator('.el-table__row', { hasText: user('watched').name }).first()
	await row.waitFor() // pushed
	return { engineer, admin, row }
}

test('a click shows the live picture; lock and disconnect work and are confirmed', async (t) => {
	const { engineer, admin, row } = await both(t, 'watch-me')
	await row.click()
	await shows(admin, /watch-me/)
	await type(engineer, 'echo live-$((20+3))')
	await shows(admin, /^live-23$/m)
	await shot(admin, 'watch')
	await admin.getByRole('button', { name: texts.en.sessions.lock, exact: true }).click()
	await admin.getByRole('button', { name: texts.en.sessions.unlock }).waitFor()
	await admin.getByRole('button', { name: texts.en.sessions.unlock }).click()
	await admin.getByRole('button', { name: texts.en.sessions.lock, exact: true }).waitFor()
	await admin.getByRole('button', { name: texts.en.message.open, exact: true }).click()
	await admin.getByRole('dialog').getByRole('textbox').fill('finish by six 请六点前结束')
	await admin.keyboard.press('Enter')
	await shows(engineer, /finish by six 请六点前结束/)
	await admin.getByRole('dialog').waitFor({ state: 'hidden' })
	await admin.getByRole('button', { name: texts.en.sessions.kill }).click()
	const dialog = admin.getByRole('dialog')
	assert.equal(await dialog.getByRole('button', { name: texts.en.sessions.kill }).isDisabled(), true, 'a reason is compulsory')
	await dialog.getByRole('textbox').fill('end of the exercise')
	await admin.keyboard.press('Enter')
	await engineer.getByRole('alert').getByText('end of the exercise').waitFor()
	await admin.getByRole('alert').getByText(/end of the exercise/).waitFor()
	await admin.waitForFunction((name) => ![...document.querySelectorAll('.el-table__row')].some((r) => r.textContent.includes(name)), user('watched').name)
})

test('on a phone a session is watched and ended', async (t) => {
	const engineer = await browser(t)
	const admin = await browser(t, { language: 'zh-CN', size: { width: 390, height: 780 } })
	const zh = texts['zh-CN']
	await signIn(engineer, user('watched'))
	await openShell(engineer, facts.target)
	await type(engineer, 'echo on-a-phone')
	await signIn(admin, user('admin'), '/sessions')
	await admin.locator('.el-table__row', { hasText: user('watched').name }).first().click()
	await shows(admin, /on-a-phone/)
	await shot(admin, 'phone')
	await admin.getByRole('button', { name: zh.sessions.kill }).click()
	await admin.getByRole('dialog').getByRole('textbox').fill('手机上结束')
	await admin.getByRole('dialog').getByRole('button', { name: zh.sessions.kill }).click()
	await engineer.getByRole('alert').getByText('手机上结束').waitFor()
})

test('a session is found by what it showed, and replayed at that second', async (t) => {
	const engineer = await browser(t)
	await signIn(engineer, user('watched'))
	await openShell(engineer, facts.target)
	const word = `needle${process.pid}`
	await type(engineer, `echo ${word}-$((1+1))`)
	await shows(engineer, new RegExp(`^${word}-2$`, 'm'))
	await type(engineer, 'exit')
	await engineer.getByRole('alert').getByText(texts.en.terminal.ended).waitFor()

	const auditor = await browser(t)
	await signIn(auditor, user('auditor'), `/history?user=${user('watched').name}&state=closed`)
	await auditor.locator('.el-table__row').first().getByRole('link', { name: texts.en.replay.open }).click()
	await auditor.waitForURL('**/replay')
	await shows(auditor, new RegExp(`^${word}-2$`, 'm'), 60)
	await shot(auditor, 'replay')
	await auditor.keyboard.press('0')
	await auditor.keyboard.press('9')
	await shows(auditor, new RegExp(word), 60)

	// Lines of output are searchable once an indexer has read the recording.
	for (;;) {
		await auditor.goto(`${facts.url}/audit?text=${word}&kind=output`)
		await auditor.waitForLoadState('networkidle')
		if ((await auditor.locator('.el-table__row').count()) > 0) break
	}
	await auditor.locator('.el-table__row').first().getByRole('link', { name: texts.en.replay.open }).click()
	await auditor.waitForURL((url) => url.pathname.endsWith('/replay') && url.searchParams.has('t'))
	await shows(auditor, new RegExp(word), 60)
})
