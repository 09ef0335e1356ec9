// The admin's pages: one shape; each role sees its own menu; errors stand beside the form.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, browser, facts, faults, LANGUAGES, menu, offered, shot, signIn, texts, user } from './harness.mjs'

const en = texts.en

async function choose(page, drawer, label, value) {
	await drawer.getByRole('combobox', { name: label }).click()
	await page.getByRole('option', { name: value, exact: true }).click()
}

test('a group and a user are added, found, changed and removed', async (t) => {
	const page = await browser(t)
	const name = `b${process.pid}`
	await signIn(page, user('admin'), '/inventory/groups')
	await page.getByRole('button', { name: en.action.add, exact: true }).click()
	let drawer = page.getByRole('dialog', { name: en.action.add })
	await drawer.getByRole('textbox', { name: en.field.name }).fill(name)
	await page.keyboard.press('Enter')
	await page.locator('.el-table__row', { hasText: name }).waitFor()

	await menu(page)
	await page.getByRole('link', { name: en.inventory.users }).click()
	await page.getByRole('button', { name: en.action.add, exact: true }).click()
	drawer = page.getByRole('dialog', { name: en.action.add })
	await drawer.getByRole('textbox', { name: en.field.name }).fill('Not A Name')
	await choose(page, drawer, en.field.role, 'engineer')
	await drawer.getByLabel(en.field.password, { exact: true }).fill('a password of some length 1')
	await drawer.getByRole('button', { name: en.action.add }).click()
	await drawer.getByRole('alert').waitFor() // no such name is allowed, and the form is still there
	await drawer.getByRole('textbox', { name: en.field.name }).fill(name)
	await drawer.getByRole('button', { name: en.action.add }).click()
	await page.getByRole('textbox', { name: en.list.search }).fill(name)
	const row = page.locator('.el-table__row', { hasText: name })
	await row.waitFor()
	await shot(page, 'users')
	await act(page, en.action.disable, name)
	await page.getByRole('dialog').getByRole('button', { name: en.action.disable }).click()
	await row.getByText(en.user_state.disabled).waitFor()
})

test('a target is tested from its page', async (t) => {
	const page = await browser(t, { language: 'zh-CN' })
	const zh = texts['zh-CN']
	await signIn(page, user('admin'), '/inventory/targets')
	await act(page, zh.action.test, facts.target)
	const drawer = page.getByRole('dialog', { name: zh.action.test })
	await drawer.getByRole('button', { name: zh.action.test }).click()
	await drawer.getByRole('status').first().waitFor()
	await shot(page, 'target-test')
})

test('a setting is changed, and who may not change it is not offered it', async (t) => {
	const page = await browser(t)
	await signIn(page, user('admin'), '/inventory/settings?q=banner.text')
	await act(page, en.action.change, 'banner.text')
	await page.getByRole('dialog').getByRole('textbox').fill('Authorised use only')
	await page.getByRole('dialog').getByRole('button', { name: en.action.change }).click()
	await page.locator('.el-table__row', { hasText: 'Authorised use only' }).waitFor()

	const auditor = await browser(t)
	await signIn(auditor, user('auditor'), '/inventory/settings?q=banner.text')
	await auditor.locator('.el-table__row').first().waitFor()
	assert.equal(await offered(auditor, en.history.title, 'banner.text'), true)
	assert.equal(await offered(auditor, en.action.change, 'banner.text'), false)
})

test('the menu has what one may do', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	assert.deepEqual(await menu(page),
		[en.menu.home, en.menu.terminals, en.requests.mine, en.sql_request.title, en.documents.title, en.cloud.title, en.tokens.title,
			en.access_passwords.title, en.signin.title, en.menu.mine])
	await page.goto(facts.url + '/inventory/users')
	await page.getByRole('alert').waitFor() // who goes there all the same is told that it is not his
	assert.equal(await page.locator('.el-table__row').count(), 0)
})

for (const language of LANGUAGES) {
	test(`what is done with a row: two buttons and a menu, by keys too (${language})`, async (t) => {
		const page = await browser(t, { language })
		const words = texts[language]
		await signIn(page, user('admin'), `/inventory/targets?q=${facts.target}`)
		const more = page.getByRole('button', { name: `${words.row_menu.more} ${facts.target}`, exact: true })
		await more.waitFor()
		const row = page.locator('.el-table__row', { hasText: facts.target }).first()
		assert.equal(await row.getByRole('button').count(), 3)
		assert.ok((await row.boundingBox()).height < 70, 'its actions are one line')
		const focused = () => page.evaluate(() => document.activeElement?.textContent.trim())
		const about = (text) => page.waitForFunction((wanted) => document.activeElement?.textContent.trim() === wanted, text)
		await more.focus()
		await page.keyboard.press('ArrowDown')
		await page.getByRole('menu').waitFor()
		await about(words.inventory_more.rename)
		await shot(page, `row-menu-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.keyboard.press('End')
		await about(words.action.remove)
		await page.keyboard.press('ArrowDown')
		await about(words.inventory_more.rename)
		await page.keyboard.press('Escape')
		await page.getByRole('menu').waitFor({ state: 'hidden' })
		assert.match(await focused(), new RegExp(`^${words.row_menu.more}`))
		await page.keyboard.press('Enter')
		await page.getByRole('menu').waitFor()
		await page.keyboard.press('Enter') // the first of the menu
		await page.getByRole('dialog', { name: words.inventory_more.rename }).waitFor()
		await page.keyboard.press('Escape')
		await page.getByRole('dialog').waitFor({ state: 'hidden' })
		await more.click()
		await page.getByRole('menu').waitFor()
		await page.getByRole('heading', { level: 1 }).click()
		await page.getByRole('menu').waitFor({ state: 'hidden' })
	})
}
