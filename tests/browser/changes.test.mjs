// Two admins at one object; other names; the history of an object.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, browser, faults, LANGUAGES, shot, signIn, texts, user } from './harness.mjs'

async function row(page, name) {
	const found = page.locator('.el-table__row', { hasText: name })
	await found.waitFor()
	return found
}

for (const language of LANGUAGES) {
	test(`the second of two admins is told and loads the new state (${language})`, async (t) => {
		const words = texts[language]
		const name = `c${process.pid}${language === 'en' ? 'e' : 'z'}`
		const first = await browser(t, { language })
		const second = await browser(t, { language })
		await signIn(first, user('admin'), `/inventory/clusters?q=${name}`)
		await first.getByRole('button', { name: words.action.add, exact: true }).click()
		await first.getByRole('textbox', { name: words.field.name }).fill(name)
		await first.getByRole('dialog').getByRole('textbox', { name: words.field.networks }).fill('10.77.0.0/16')
		await first.getByRole('dialog').getByRole('button', { name: words.action.add }).click()
		await row(first, name)
		await signIn(second, user('admin'), `/inventory/clusters?q=${name}`)
		await row(second, name)

		await act(first, words.action.change, name)
		await act(second, words.action.change, name)
		const networks = (page) => page.getByRole('dialog').getByRole('textbox', { name: words.field.networks })
		const send = (page) => page.getByRole('dialog').getByRole('button', { name: words.action.change, exact: true }).click()
		await networks(first).fill('10.78.0.0/16')
		await send(first)
		await first.getByRole('dialog').waitFor({ state: 'hidden' })
		await networks(second).fill('10.79.0.0/16')
		await send(second)
		await second.getByRole('alert').filter({ hasText: 'user:' }).waitFor() // who it was
		await shot(second, `changes-conflict-${language}`)
		assert.equal(await networks(second).inputValue(), '10.79.0.0/16') // what was typed is still there
		await second.getByRole('button', { name: words.history.load }).click()
		assert.equal(await networks(second).inputValue(), '10.78.0.0/16')
		await networks(second).fill('10.79.0.0/16')
		await send(second)
		await second.getByRole('dialog').waitFor({ state: 'hidden' })
		await (await row(first, name)).getByText('10.79.0.0/16').waitFor()

		const new_name = `${name}-new`
		await act(first, words.inventory_more.rename, name)
		await first.getByRole('dialog').getByRole('textbox', { name: words.field.name }).fill(new_name)
		await first.getByRole('dialog').getByRole('button', { name: words.inventory_more.rename, exact: true }).click()
		await row(first, new_name)
		await act(first, words.history.title, new_name)
		const drawer = first.getByRole('dialog')
		await drawer.locator('.el-table__row').nth(3).waitFor() // added, changed twice, renamed
		assert.match(await drawer.locator('.el-table__row').first().innerText(), new RegExp(`${name} → ${new_name}`))
		assert.match(await drawer.locator('.el-table__row').nth(1).innerText(), /10\.78\.0\.0\/16 → 10\.79\.0\.0\/16/)
		await shot(first, `changes-history-${language}`)
		assert.deepEqual(await faults(first), [])
	})
}
