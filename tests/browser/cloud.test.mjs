// Accounts of cloud consoles: registered, their secrets entered, a password opened for thirty seconds and seen to have been.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, browser, facts, faults, LANGUAGES, offered, passwordOf, shot, signIn, texts, user } from './harness.mjs'

async function choose(page, drawer, label, value) {
	const box = drawer.getByRole('combobox', { name: label, exact: true })
	await box.click({ force: true })
	if (await box.isEditable()) await box.fill(value)
	await page.getByRole('option', { name: value, exact: true }).click()
}

for (const language of LANGUAGES) {
	test(`a password is opened with a reason, for thirty seconds, and everybody sees by whom (${language})`, async (t) => {
		const { action, cloud, dialog, field, login, tokens } = texts[language]
		const name = `ops-${language.toLowerCase()}`
		const secret = `S3cret <b>${language}</b> & more`

		const admin = await browser(t, { language })
		await signIn(admin, user('admin'), '/inventory/clouds')
		await admin.getByRole('button', { name: action.add, exact: true }).click()
		const form = admin.getByRole('dialog', { name: action.add })
		await form.locator('#field-name').fill(name)
		await choose(admin, form, cloud.provider_of, cloud.provider.aliyun)
		await choose(admin, form, field.kind, cloud.kind.operate)
		await form.locator('#field-login').fill('ops@1234567890')
		await choose(admin, form, field.group, facts.group)
		await form.locator('#field-url').fill('https://signin.example.com/')
		await shot(admin, `cloud-form-${language}`)
		assert.deepEqual(await faults(admin), [])
		await form.getByRole('button', { name: action.add }).click()
		const row = admin.locator('.el-table__row', { hasText: name })
		await row.getByText(cloud.provider.aliyun, { exact: true }).waitFor()
		assert.equal(await offered(admin, cloud.open, name), false)
		for (const label of [cloud.put_password, cloud.put_key]) {
			await act(admin, label, name)
			const drawer = admin.getByRole('dialog', { name: label })
			await drawer.locator('#field-secret').fill(label === cloud.put_key ? 'the key of programs' : secret)
			await drawer.getByRole('button', { name: label }).click()
			await drawer.waitFor({ state: 'hidden' })
		}
		await shot(admin, `cloud-list-${language}`)
		assert.deepEqual(await faults(admin), [])
		if (language === LANGUAGES[0]) { // the right is the group's: once given it holds for the other one too
			await admin.goto(`${facts.url}/inventory/cloud_users`)
			await admin.getByRole('button', { name: action.add, exact: true }).click()
			const right = admin.getByRole('dialog', { name: action.add })
			await choose(admin, right, field.user, facts.opener.name)
			await choose(admin, right, field.group, facts.group)
			await shot(admin, `cloud-right-${language}`)
			await right.getByRole('button', { name: action.add }).click()
		} else {
			await admin.goto(`${facts.url}/inventory/cloud_users`)
		}
		await admin.locator('.el-table__row', { hasText: facts.opener.name }).waitFor()
		await shot(admin, `cloud-rights-${language}`)
		assert.deepEqual(await faults(admin), [])

		const page = await browser(t, { language })
		await page.clock.install()
		await page.route('**/api/v1/me', async (route) => { // he signed in a while ago
			const answer = await route.fetch()
			await route.fulfill({ response: answer, json: { ...(await answer.json()), fresh_until: '2020-01-01T00:00:00Z' } })
		})
		await signIn(page, facts.opener, '/inventory/clouds')
		await act(page, cloud.open, name)
		const open = page.getByRole('dialog', { name: `${cloud.open} ${name}` })
		assert.equal(await open.getByRole('button', { name: cloud.open }).isDisabled(), true)
		await open.getByRole('textbox').fill(`bill of October ${language}`)
		await page.unroute('**/api/v1/me')
		await shot(page, `cloud-reason-${language}`)
		assert.deepEqual(await faults(page), [])
		await open.getByRole('button', { name: cloud.open }).click()
		await page.getByText(cloud.again, { exact: true }).waitFor()
		await shot(page, `cloud-again-${language}`)
		await page.locator('#confirm-password').fill(passwordOf(facts.opener))
		await page.getByRole('button', { name: login.go_on, exact: true }).click()
		await open.getByText(secret, { exact: true }).waitFor()
		assert.equal(await open.getByRole('link').getAttribute('href'), 'https://signin.example.com/')
		await open.getByRole('button', { name: tokens.copy }).waitFor()
		await shot(page, `cloud-open-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.clock.fastForward(31_000)
		await open.getByText(cloud.over).waitFor()
		assert.equal((await page.content()).includes('S3cret'), false)
		await shot(page, `cloud-over-${language}`)
		await open.getByRole('button', { name: dialog.cancel }).click()

		await act(page, cloud.openings, name)
		const seen = page.getByRole('dialog', { name: `${cloud.openings} ${name}` })
		await seen.getByText(`bill of October ${language}`).waitFor()
		await seen.getByText(facts.opener.name).waitFor()
		await shot(page, `cloud-seen-${language}`)
		assert.deepEqual(await faults(page), [])
		assert.equal((await page.content()).includes('S3cret'), false)
		await page.keyboard.press('Escape')
		await seen.waitFor({ state: 'hidden' })
		assert.equal(await offered(page, action.change, name), false)

		await admin.goto(`${facts.url}/inventory/clouds`)
		await act(admin, texts[language].history.title, name)
		await admin.getByText(texts[language].history_event.secret, { exact: true }).first().waitFor()
		await shot(admin, `cloud-history-${language}`)
	})
}
