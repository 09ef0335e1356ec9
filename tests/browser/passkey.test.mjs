// Passkeys with a virtual authenticator of Chromium, and the page of one's own sign-in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, codeOf, facts, faults, LANGUAGES, passwordOf, shot, signIn, texts, user } from './harness.mjs'

const url = facts.url.replace('127.0.0.1', 'localhost') // a passkey belongs to a name

async function withAuthenticator(page) {
	const cdp = await page.context().newCDPSession(page)
	await cdp.send('WebAuthn.enable')
	const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
		options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
			automaticPresenceSimulation: true },
	})
	return { cdp, authenticatorId }
}

async function give(page, who, password = passwordOf(who)) {
	await page.fill('#login-user', who.name)
	await page.fill('#login-password', password)
	await page.keyboard.press('Enter')
}
const signedIn = (page) => page.waitForSelector('header .who', { state: 'attached' })
const signOut = (page, t) => page.getByRole('button', { name: t.shell.sign_out }).click()

test('a passkey is added, signs in without a password, stands in for the code, and is taken away', async (t) => {
	const page = await browser(t)
	await withAuthenticator(page)
	const who = user('passkey')
	await page.goto(`${url}/me`)
	await give(page, who)
	await page.fill('#passkey-name', 'the work laptop')
	await page.keyboard.press('Enter')
	await page.getByText('the work laptop').waitFor()
	await shot(page, 'me')
	assert.deepEqual(await faults(page), [])
	await page.getByRole('button', { name: `${texts.en.signin.rename} the work laptop` }).click()
	await page.getByLabel(texts.en.field.name, { exact: true }).fill('the blue one')
	await page.keyboard.press('Enter')
	await page.getByText('the blue one').waitFor()
	await signOut(page, texts.en)
	await page.getByRole('button', { name: texts.en.signin.by_passkey }).click()
	await signedIn(page)
	assert.ok((await page.textContent('header .who')).startsWith(who.name))
	await signOut(page, texts.en)
	await page.waitForSelector('#login-user')
	await give(page, who)
	await page.getByRole('checkbox').check() // the setting allows it
	assert.deepEqual(await faults(page), [])
	await page.getByRole('button', { name: texts.en.signin.use_passkey }).click()
	await signedIn(page)
	await signOut(page, texts.en)
	await page.waitForSelector('#login-user')
	await give(page, who)
	await signedIn(page) // remembered
	await page.goto(`${url}/me`)
	await page.getByRole('button', { name: texts.en.signin.forget_all }).click()
	await page.getByText(texts.en.signin.devices_none).waitFor()
	await page.getByRole('button', { name: `${texts.en.signin.remove} the blue one` }).click()
	await page.getByText('the blue one').waitFor({ state: 'detached' })
})

test('a password is changed, and an app is set up anew', async (t) => {
	const page = await browser(t)
	const who = user('changing')
	await page.goto(`${url}/me`)
	await give(page, who)
	const change = async (old, fresh) => {
		await page.fill('#old-password', old)
		await page.fill('#new-password', fresh)
		await page.fill('#again-password', fresh)
		await page.keyboard.press('Enter')
	}
	await page.waitForSelector('#old-password')
	await change('not the old one', 'a New one 1!')
	await page.getByText('that is not your password').waitFor()
	await change(passwordOf(who), 'onlyletters')
	await page.getByText('a new password has letters').waitFor()
	await change(passwordOf(who), 'a New one 1!')
	await page.getByText(texts.en.signin.password_done).waitFor()
	await page.getByRole('button', { name: texts.en.signin.app_set }).click()
	await page.waitForSelector('#login-user')
	await give(page, who, 'a New one 1!')
	const secret = (await (await page.waitForSelector('code.secret')).textContent()).replace(/\s/g, '')
	await page.fill('#login-code', codeOf(secret))
	await page.keyboard.press('Enter')
	await page.getByRole('button', { name: texts.en.login.kept }).click()
	await page.getByText(texts.en.signin.app_there).waitFor()
})

test('an old password is changed before anything else', async (t) => {
	const page = await browser(t)
	const who = user('aged')
	await page.goto(url)
	await give(page, who)
	await page.getByText(texts.en.signin.due).waitFor()
	await page.goto(`${url}/history`)
	await page.getByText(texts.en.signin.due).waitFor()
	assert.equal(new URL(page.url()).pathname, '/me')
	await page.fill('#old-password', passwordOf(who))
	await page.fill('#new-password', 'quite new 2day')
	await page.fill('#again-password', 'quite new 2day')
	await page.keyboard.press('Enter')
	await page.getByText(texts.en.signin.due).waitFor({ state: 'detached' })
})

for (const language of LANGUAGES) {
	test(`the page of one's own sign-in (${language})`, async (t) => {
		const page = await browser(t, { language })
		await page.goto(url)
		await page.waitForSelector('#login-user')
		await shot(page, `login-${language}`)
		assert.deepEqual(await faults(page), [])
		await signIn(page, user('engineer'), '/me')
		await page.waitForSelector('#passkey-heading')
		await page.getByText(texts[language].signin.no_name).waitFor() // by the IP address
		await shot(page, `me-${language}`)
		assert.deepEqual(await faults(page), [])
	})
}
