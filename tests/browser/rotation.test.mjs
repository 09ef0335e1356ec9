// Account templates, and passwords that are rotated: pages in both languages, a template applied by the bulk bar, a policy, a rotation now.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, browser, facts, faults, LANGUAGES, offered, shot, signIn, texts, user } from './harness.mjs'

async function row(page, name) {
	const found = page.locator('.el-table__row', { hasText: name })
	await found.first().waitFor()
	return found.first()
}

for (const language of LANGUAGES) {
	test(`pages of templates, passwords, rotations and policies (${language})`, async (t) => {
		const words = texts[language]
		const page = await browser(t, { language })
		await signIn(page, user('admin'), '/inventory/templates')
		await row(page, 'cyadmin')
		await row(page, 'xxadmin')
		await shot(page, `templates-${language}`)
		assert.deepEqual(await faults(page), [])
		for (const what of ['passwords', 'rotations', 'rotation_policies']) {
			await page.goto(`${facts.url}/inventory/${what}`)
			await page.locator('.el-table').waitFor()
			await shot(page, `${what}-${language}`)
			assert.deepEqual(await faults(page), [])
		}
		const name = `p-${language}`
		await page.getByRole('button', { name: words.action.add, exact: true }).click()
		const dialog = page.getByRole('dialog')
		await dialog.getByRole('textbox', { name: words.field.name }).first().fill(name)
		await dialog.getByRole('combobox', { name: words.field.target, exact: true }).fill(facts.machine)
		await page.getByRole('option', { name: facts.machine, exact: true }).click()
		await dialog.getByRole('textbox', { name: words.rotation.every }).first().fill('90')
		await dialog.locator('#field-account').fill('nobody-has-this')
		await shot(page, `policy-${language}`)
		assert.deepEqual(await faults(page), [])
		await dialog.getByRole('button', { name: words.action.add, exact: true }).click()
		await (await row(page, name)).getByText('03:00').waitFor()
		await act(page, words.action.remove, name)
		await page.getByRole('dialog').getByRole('button', { name: words.action.remove, exact: true }).click()
		await page.locator('.el-table__row', { hasText: name }).waitFor({ state: 'detached' })
	})
}

test('a template is applied to chosen targets, and an account is rotated', async (t) => {
	const en = texts.en
	const page = await browser(t)
	await signIn(page, user('admin'), `/inventory/targets?q=${facts.machine}`)
	await (await row(page, facts.machine)).locator('.el-checkbox').click()
	await page.locator('.bulk').getByRole('button', { name: en.credentials.apply }).click()
	const dialog = page.getByRole('dialog')
	await dialog.getByRole('combobox', { name: en.credentials.template }).fill(facts.template)
	await page.getByRole('option', { name: facts.template, exact: true }).click()
	await dialog.getByLabel(en.field.secret).fill(facts.secret)
	await dialog.getByRole('button', { name: en.credentials.apply, exact: true }).click()
	await dialog.getByText('added').first().waitFor()
	await shot(page, 'template-applied')

	await page.goto(`${facts.url}/inventory/passwords?q=${facts.login}`)
	await row(page, facts.login)
	await act(page, en.rotation.now, facts.login)
	await dialog.getByRole('button', { name: en.rotation.now, exact: true }).click()
	await dialog.getByText('current').waitFor({ timeout: 120_000 })
	await shot(page, 'rotated')
	await page.goto(`${facts.url}/inventory/rotations?q=${facts.login}`)
	await (await row(page, facts.login)).getByText(en.rotation_state.current).waitFor()
	await shot(page, 'rotations')
	const reader = await browser(t)
	await signIn(reader, user('auditor'), `/inventory/passwords?q=${facts.login}`)
	await row(reader, facts.login)
	assert.equal(await offered(reader, en.rotation.now, facts.login), false, 'an auditor rotates nothing')
})
