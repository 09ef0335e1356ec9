// Separation of duties: the page of roles in both languages, the switch, and what each of the three sees then.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { act, browser, facts, LANGUAGES, menu, shot, signIn, texts, user } from './harness.mjs'

const axe = readFileSync(new URL('../../console/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

async function faults(page) {
	await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))
	const session = await page.context().newCDPSession(page)
	await session.send('Runtime.evaluate', { expression: axe })
	return page.evaluate(async () => {
		const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
		return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)
	})
}

for (const language of LANGUAGES) {
	test(`who may what is a table in plain words (${language})`, async (t) => {
		const page = await browser(t, { language })
		const w = texts[language]
		await signIn(page, user('admin'), '/roles')
		await page.getByRole('rowheader', { name: w.permission.user_manage }).waitFor()
		const words = await page.locator('tbody th[scope=row]').allInnerTexts()
		assert.ok(words.length > 40)
		assert.deepEqual(await faults(page), [])
		await shot(page, `roles-${language}`)
		await page.getByRole('button', { name: w.roles.separate }).click()
		await page.getByRole('dialog', { name: w.roles.separate }).waitFor()
		assert.deepEqual(await faults(page), [])
	})
}

test('the switch is refused while a duty has nobody, and then separates', async (t) => {
	const en = texts.en
	const page = await browser(t)
	await signIn(page, facts.admin, '/roles')
	await page.getByRole('button', { name: en.roles.separate }).click()
	const dialog = page.getByRole('dialog', { name: en.roles.separate })
	await dialog.getByRole('button', { name: en.roles.separate }).click()
	await dialog.getByRole('alert').filter({ hasText: 'system' }).waitFor()
	await dialog.getByRole('button', { name: en.dialog.cancel }).click()

	await page.goto(`${facts.url}/inventory/users?q=${facts.system.name}`) // the one who was disabled comes back
	await act(page, en.action.enable, facts.system.name)
	await page.getByRole('dialog').getByRole('button', { name: en.action.enable }).click()
	await page.getByRole('button', { name: `${en.action.disable} ${facts.system.name}` }).waitFor()
	await page.goto(`${facts.url}/roles`)
	await page.getByRole('button', { name: en.roles.separate }).click()
	await dialog.getByRole('button', { name: en.roles.separate }).click()
	await page.getByText(en.roles.about_on).waitFor()
	await shot(page, 'roles-separate')
	assert.equal(await page.getByRole('button', { name: en.roles.separate }).count(), 0)
	await page.goto(`${facts.url}/inventory/users`)
	await page.locator('.el-table__row').first().waitFor()
	assert.equal(await page.getByRole('button', { name: en.action.add, exact: true }).count(), 0, 'admin adds nobody any more')
})

const SEES = {
	system: { add: '/inventory/targets', not: ['/inventory/users', '/inventory/grants'], menu: [], gone: ['audit', 'files'] },
	security: { add: '/inventory/users', not: ['/inventory/targets'], menu: ['to_approve'], gone: ['audit', 'files'] },
	audit: { add: null, not: ['/inventory/targets', '/inventory/users', '/inventory/grants'], menu: [], gone: [] },
}
for (const [duty, sees] of Object.entries(SEES)) {
	test(`${duty} administration sees its own`, async (t) => {
		const page = await browser(t)
		const en = texts.en
		await signIn(page, facts[duty])
		const names = await menu(page)
		for (const name of sees.menu) assert.ok(names.includes(en.requests[name]), names.join())
		for (const name of sees.gone) assert.ok(!names.includes(en.menu[name]), names.join())
		assert.equal(names.includes(en.menu.audit), duty === 'audit')
		for (const path of [sees.add, ...sees.not].filter(Boolean)) {
			await page.goto(facts.url + path)
			await page.locator('.el-table').waitFor()
			assert.equal(await page.getByRole('button', { name: en.action.add, exact: true }).count(), path === sees.add ? 1 : 0, path)
		}
	})
}
