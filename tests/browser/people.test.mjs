// Who signs in by passkey alone: set up at the first sign-in, used without a name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, LANGUAGES, passwordOf, shot, signIn, texts, user } from './harness.mjs'

const url = facts.url.replace('127.0.0.1', 'localhost') // a passkey belongs to a name

for (const language of LANGUAGES) {
	test(`the first sign-in of who signs in by passkey alone (${language})`, async (t) => {
		const t_ = texts[language]
		const page = await browser(t, { language })
		const cdp = await page.context().newCDPSession(page)
		await cdp.send('WebAuthn.enable')
		const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
			options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
				automaticPresenceSimulation: true },
		})
		const who = user(`only-${language}`)
		await page.goto(`${url}/sessions`)
		await page.fill('#login-user', who.name)
		await page.fill('#login-password', passwordOf(who))
		await page.keyboard.press('Enter')
		await page.getByText(t_.signin_only.due).waitFor()
		assert.equal(new URL(page.url()).pathname, '/me')
		assert.equal(await page.locator('#old-password').count(), 0)
		await shot(page, `only-due-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.goto(`${url}/history`) // nothing else is open yet
		await page.getByText(t_.signin_only.due).waitFor()
		await page.fill('#passkey-name', 'first')
		await page.keyboard.press('Enter')
		await page.getByText(t_.signin_only.on).waitFor()
		await shot(page, `only-on-${language}`)
		assert.deepEqual(await faults(page), [])
		const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
		assert.deepEqual(credentials.map((c) => c.isResidentCredential), [true]) // found without a name
		await page.getByRole('button', { name: t_.shell.sign_out }).click()
		await page.fill('#login-user', who.name)
		await page.fill('#login-password', passwordOf(who))
		await page.keyboard.press('Enter')
		await page.getByRole('alert').waitFor() // the password is none any more
		await page.getByRole('button', { name: t_.signin.by_passkey }).click()
		await page.waitForSelector('header .who', { state: 'attached' })
	})
}

for (const language of LANGUAGES) {
	test(`a role is added, changed and removed (${language})`, async (t) => {
		const w = texts[language]
		const own = w.own_roles
		const page = await browser(t, { language })
		await signIn(page, user('admin'), '/roles')
		const name = `night_${language === 'en' ? 'en' : 'zh'}`
		await page.getByRole('button', { name: own.add }).click()
		const drawer = page.getByRole('dialog')
		await drawer.getByLabel(own.name, { exact: true }).fill(name)
		await drawer.getByRole('checkbox', { name: w.permission.settings_read }).check()
		await drawer.getByRole('checkbox', { name: w.permission.session_list, exact: true }).check() // its width comes with it: the narrow one
		await shot(page, `role-drawer-${language}`)
		assert.deepEqual(await faults(page), [])
		if (language !== 'en') return // the rest is the same in each
		await drawer.getByRole('button', { name: own.save }).click()
		await page.getByRole('button', { name: `${own.edit} ${name}` }).click()
		assert.equal(await drawer.getByLabel(own.width.replace('{right}', w.permission.session_list)).inputValue(), 'own')
		await drawer.getByRole('checkbox', { name: w.permission.settings_read }).uncheck()
		await drawer.getByRole('button', { name: own.save }).click()
		await drawer.waitFor({ state: 'hidden' })
		await shot(page, `roles-${language}`)
		await page.getByRole('button', { name: `${own.history} ${name}` }).click()
		await page.getByRole('dialog').getByText('settings.read').first().waitFor()
		await page.keyboard.press('Escape')
		await page.getByRole('button', { name: `${own.remove} ${name}` }).click()
		await page.getByRole('dialog').getByRole('button', { name: own.remove }).click()
		await page.getByRole('button', { name: `${own.edit} ${name}` }).waitFor({ state: 'detached' })
	})

	test(`a search gets a name, columns are remembered, a target is a favourite (${language})`, async (t) => {
		const w = texts[language]
		const page = await browser(t, { language })
		await signIn(page, user('admin'), '/')
		await page.getByRole('heading', { name: w.home_more.todo }).waitFor()
		await page.getByText(w.check.samples.replace(/[（(].*/, '')).waitFor()
		await shot(page, `home-todo-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.goto(`${facts.url}/inventory/targets?kind=linux`)
		await page.getByRole('button', { name: w.views.open }).click()
		const drawer = page.getByRole('dialog')
		await drawer.getByLabel(w.views.name).fill(`linux ${language}`)
		await page.keyboard.press('Enter')
		await drawer.getByRole('button', { name: `linux ${language}`, exact: true }).waitFor()
		await drawer.getByRole('checkbox', { name: w.field.address }).uncheck()
		await page.locator('thead').getByText(w.field.address, { exact: true }).waitFor({ state: 'detached' })
		await shot(page, `views-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.goto(`${facts.url}/inventory/targets`)
		await page.locator('.el-table__row').first().waitFor()
		assert.equal(await page.locator('thead').getByText(w.field.address, { exact: true }).count(), 0) // in the database
		await page.getByRole('button', { name: w.views.open }).click()
		await drawer.getByRole('button', { name: `linux ${language}`, exact: true }).click()
		await page.waitForURL(/kind=linux/)
		await page.getByRole('button', { name: w.views.open }).click()
		await drawer.getByRole('button', { name: w.views.standard }).click()
		await drawer.getByRole('button', { name: `${w.views.remove} linux ${language}` }).click()
		await drawer.getByText(w.views.none).waitFor()
	})

	test(`a favourite is one click away (${language})`, async (t) => {
		const w = texts[language]
		const page = await browser(t, { language })
		await signIn(page, user('engineer'))
		await page.getByRole('button', { name: new RegExp(`^${w.home_more.mark}`) }).first().click()
		const group = page.getByRole('group', { name: w.home_more.favourites })
		await group.waitFor()
		await shot(page, `favourites-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.getByRole('button', { name: new RegExp(`^${w.home_more.unmark}`) }).first().click()
		await group.waitFor({ state: 'detached' })
	})
}
