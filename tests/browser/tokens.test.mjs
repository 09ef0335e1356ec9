// API tokens: made by anybody for oneself, shown once, used, revoked.
import assert from 'node:assert/strict'
import { request } from 'node:https'
import { test } from 'node:test'
import { act, browser, facts, LANGUAGES, menu, passwordOf, shot, signIn, texts, user } from './harness.mjs'

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
		const { action, tokens, field, dialog, signin, login } = texts[language]
		const name = `t${process.pid}-${language}`
		let confirmed = false
		page.on('request', (request) => (confirmed ||= request.url().endsWith('/commands/me/confirm')))
		await page.route('**/api/v1/me', async (route) => {
			const answer = await route.fetch()
			const known = await answer.json()
			await route.fulfill({ response: answer, json: confirmed ? known : { ...known, fresh_until: '2026-01-01T00:00:00Z' } }) // long ago
		})
		await signIn(page, user('engineer'))
		await menu(page)
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
		const again = page.getByRole('dialog', { name: signin.again })
		await again.getByLabel(login.password).fill(passwordOf(user('engineer')))
		await shot(page, `token-again-${language}`)
		await again.getByRole('button', { name: login.go_on }).click()
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
		await act(page, tokens.revoke, name)
		await page.getByRole('dialog').getByRole('button', { name: tokens.revoke }).click()
		await row.getByText(tokens.state.revoked, { exact: true }).waitFor()
		assert.equal(await ask(token, '/me'), 401)
	})
}
