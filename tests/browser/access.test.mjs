// Every page in both languages: WCAG 2.2 AA as far as axe can tell, and the weight of the first load.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, LANGUAGES, openShell, shot, signIn, texts, user } from './harness.mjs'

const PAGES = ['/', '/sessions', '/history', '/inventory/targets', '/inventory/accounts', '/inventory/groups', '/inventory/clusters',
	'/inventory/users', '/inventory/grants', '/inventory/settings', '/audit', '/files', '/my-sessions', '/inventory/tokens', '/terminals', '/no-such-page']

/* What opens over a page is looked at when it has come to rest. */
async function opened(page) {
	await page.locator('[role=dialog]:visible').first().waitFor()
	await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))
	return faults(page)
}

for (const language of LANGUAGES) {
	test(`no page shuts anybody out (${language})`, async (t) => {
		const page = await browser(t, { language })
		await page.goto(facts.url)
		await page.waitForSelector('#login-user')
		const all = { '/login': await faults(page) }
		await signIn(page, user('admin'))
		for (const path of PAGES) {
			await page.goto(facts.url + path)
			await page.waitForSelector('main#main > *')
			await page.waitForLoadState('networkidle')
			await shot(page, `page-${language}${path}`)
			all[path] = await faults(page)
		}
		await page.goto(facts.url + '/inventory/grants')
		await page.getByRole('button', { name: texts[language].action.add, exact: true }).click()
		all.form = await opened(page)
		await page.keyboard.press('Escape')
		await page.goto(facts.url)
		await page.waitForSelector('main#main > *')
		await page.keyboard.press('Control+k')
		all.palette = await opened(page)
		const engineer = await browser(t, { language })
		await signIn(engineer, user('engineer'))
		await openShell(engineer, facts.target)
		all.terminal = await faults(engineer)
		await engineer.getByRole('button', { name: texts[language].files.open, exact: true }).click()
		await engineer.locator('.el-drawer .el-table__row').first().waitFor()
		all.files = await opened(engineer)
		assert.deepEqual(Object.fromEntries(Object.entries(all).filter(([, found]) => found.length > 0)), {})
	})
}

test('the login page comes in at most 150 KB', async (t) => {
	const page = await browser(t)
	const session = await page.context().newCDPSession(page)
	let bytes = 0
	await session.send('Network.enable')
	session.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
	await page.goto(facts.url)
	await page.waitForSelector('#login-user')
	await page.waitForLoadState('networkidle')
	t.diagnostic(`${bytes} bytes`)
	assert.ok(bytes > 50_000 && bytes <= 150 * 1024, `${bytes} bytes`)
})
