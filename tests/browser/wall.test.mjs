// Several live pictures at once: they come by themselves, are small and cheap, and a session is locked and ended from its tile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, openShell, shot, shows, signIn, texts, type, user } from './harness.mjs'

const tiles = (page) => page.locator('.tile')
const count = (page, n) => page.waitForFunction((wanted) => document.querySelectorAll('.tile').length === wanted, n)

/* What the tile of that session shows, once it shows that. */
async function showsTile(page, wanted) {
	await page.waitForFunction(
		(words) => [...document.querySelectorAll('.tile .xterm-rows')].some((rows) => [...rows.children].some((row) => row.textContent.replace(/\u00a0/g, ' ').trimEnd() === words)),
		wanted,
	)
}

test('sessions come to the wall by themselves; one is locked and ended there, and one click opens it (en)', async (t) => {
	const words = texts.en
	const admin = await browser(t)
	const first = await browser(t)
	const second = await browser(t)
	await admin.addInitScript(() => {
		globalThis.watching = 0
		globalThis.sockets = []
		globalThis.WebSocket = class extends WebSocket {
			constructor(...said) {
				super(...said)
				if (!this.url.includes('/watch')) return
				globalThis.watching++
				globalThis.sockets.push(this)
				this.addEventListener('close', () => globalThis.watching--)
			}
		}
	})
	await signIn(admin, user('admin'), '/wall')
	const of = user('watched').name
	await admin.getByRole('textbox', { name: words.field.user }).fill(of)
	await admin.getByText(words.sessions.none).waitFor()

	await signIn(first, user('watched'))
	await openShell(first, facts.target)
	await type(first, 'echo first-$((1+1))')
	await count(admin, 1) // pushed
	await showsTile(admin, 'first-2')
	await signIn(second, user('watched'))
	await openShell(second, facts.target)
	await type(second, 'echo second-$((1+1))')
	await count(admin, 2)
	await showsTile(admin, 'second-2')
	assert.equal(await admin.evaluate(() => globalThis.watching), 2, 'one connection a tile')

	// A flood: the tile has the end of it.
	await type(second, 'seq 200000; echo flood-$((40+2))')
	await shows(second, /^flood-42$/m, 60)
	await showsTile(admin, 'flood-42')
	assert.deepEqual(await faults(admin), [])
	await shot(admin, 'wall-en')

	// What is too large for the tile is made smaller, and nothing of it can be focused.
	const [tile, drawn] = await admin.evaluate(() => ['.tile .place', '.tile .xterm-screen'].map((name) => document.querySelector(name).getBoundingClientRect().width))
	assert.ok(drawn <= tile + 1, `${drawn} of ${tile}`)
	assert.equal(await admin.evaluate(() => document.querySelector('.tile .inner').inert), true)

	// A connection that is lost is made again, without anybody.
	await admin.evaluate(() => globalThis.sockets.forEach((one) => one.close()))
	await admin.waitForFunction(() => globalThis.sockets.length >= 4 && globalThis.watching === 2)
	await showsTile(admin, 'flood-42')
	await showsTile(admin, 'first-2')

	// Locked from its tile; the filter finds it.
	const mine = tiles(admin).filter({ hasText: of }).first()
	const name = await mine.getByRole('link').getAttribute('href')
	await mine.getByRole('button', { name: words.sessions.lock }).click()
	await mine.getByRole('button', { name: words.sessions.unlock }).waitFor()
	await admin.locator('.filters .choice', { hasText: words.wall.risk }).click()
	await admin.getByRole('option', { name: words.wall.mark.locked }).click()
	await count(admin, 1)
	assert.equal(await tiles(admin).first().getByRole('link').getAttribute('href'), name)
	await tiles(admin).first().getByRole('button', { name: words.sessions.kill }).click()
	await admin.getByRole('dialog').getByRole('textbox').fill('ended from the wall')
	await admin.keyboard.press('Enter')
	await count(admin, 0)
	await Promise.any([first, second].map((page) => page.getByRole('alert').getByText('ended from the wall').waitFor()))

	// One click to the whole picture.
	await admin.goto(`${facts.url}/wall`)
	await admin.getByRole('textbox', { name: words.field.user }).fill(of)
	await count(admin, 1)
	await tiles(admin).first().getByRole('link').click()
	await admin.waitForURL(/\/sessions\?id=/)
	await admin.getByRole('button', { name: words.sessions.kill }).click()
	await admin.getByRole('dialog').getByRole('textbox').fill('the other one')
	await admin.keyboard.press('Enter')
	await Promise.any([first, second].map((page) => page.getByRole('alert').getByText('the other one').waitFor()))
})

test('on a phone each tile has a row of its own (zh-CN)', async (t) => {
	const engineer = await browser(t)
	const admin = await browser(t, { language: 'zh-CN', size: { width: 390, height: 780 } })
	await signIn(engineer, user('watched'))
	await openShell(engineer, facts.target)
	await engineer.getByRole('button', { name: texts.en.workspace.duplicate }).click()
	await engineer.waitForFunction(() => document.querySelectorAll('.tabs li').length === 2)
	await shows(engineer, /[$#>] ?$/m)
	await type(engineer, 'echo 手机-$((1+1))')
	await signIn(admin, user('admin'), '/wall')
	await admin.getByRole('textbox', { name: texts['zh-CN'].field.user }).fill(user('watched').name)
	await count(admin, 2)
	await showsTile(admin, '手机-2')
	const [a, b] = await admin.evaluate(() => [...document.querySelectorAll('.tile')].map((tile) => tile.getBoundingClientRect()).map(({ left, top, width }) => ({ left, top, width })))
	assert.ok(a.left === b.left && b.top > a.top && a.width <= 390)
	assert.deepEqual(await faults(admin), [])
	await tiles(admin).first().scrollIntoViewIfNeeded()
	await shot(admin, 'wall-phone-zh')
})
