// API tokens: made by anybody for oneself, shown once, used, revoked.
import assert from 'node:assert/strict'
import { request } from 'node:https'
import { test } from 'node:test'
import { browser, facts, LANGUAGES, shot, signIn, texts, user } from './harness.mjs'

/* What a program gets with that token. */
function ask(token, path) {
	return new Promise((done, failed) => {
		const url = new URL(`/api/v1${path}`, facts.url)
		request(url, { rejectUnauthorized: false, headers: { Authorization: `Bearer ${token}` } }, (answer) => {
			answer.resume()
			answer.on('end', () => done(answer.statusCode))
		})
			.on('error', failed)
			.end()
	})
}

for (const language of LANGUAGES) {
	test(`a token is made, shown once, used and revoked (${language})`, async (t) => {
		const page = await browser(t, { language })
		const { action, tokens, field, dialog } = texts[language]
		const name = `t${process.pid}-${language}`
		await signIn(page, user('engineer'))
		await page.getByRole('link', { name: tokens.title, exact: true }).click()
		await page.getByRole('button', { name: action.add, exact: true }).click()
		const drawer = page.getByRole('dialog', { name: action.add })
		await drawer.getByRole('textbox', { name: field.name }).fill(name)
		await drawer.getByRole('combobox', { name: tokens.scopes }).click({ force: true })
		await page.getByRole('option', { name: tokens.read, exact: true }).click()
		await page.keyboard.press('Escape')
		await page.getByRole('option', { name: tokens.read, exact: true }).waitFor({ state: 'hidden' }) // else the next click closes it
		await drawer.getByRole('combobox', { name: tokens.term }).click({ force: true })
		await page.getByRole('option', { name: tokens.days['7'], exact: true }).click()
		await shot(page, `token-form-${language}`)
		await drawer.getByRole('button', { name: action.add }).click()
		const token = await drawer.locator('.once').textContent()
		assert.match(token, /^ymt_[\w-]{43}$/)
		await shot(page, `token-once-${language}`)
		await drawer.getByRole('button', { name: dialog.close, exact: true }).click()
		const row = page.locator('.el-table__row', { hasText: name })
		await row.getByText(tokens.state.valid, { exact: true }).waitFor()
		assert.equal((await page.content()).includes(token), false)
		assert.equal(await ask(token, '/me'), 200)
		await page.reload()
		await row.getByText('127.0.0.1').waitFor()
		await shot(page, `tokens-${language}`)
		await row.getByRole('button', { name: `${tokens.revoke} ${name}` }).click()
		await page.getByRole('dialog').getByRole('button', { name: tokens.revoke }).click()
		await row.getByText(tokens.state.revoked, { exact: true }).waitFor()
		assert.equal(await ask(token, '/me'), 401)
	})
}
