// Signing in and out: password, second factor, languages, where one wanted to go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, codeOf, facts, LANGUAGES, passwordOf, shot, signIn, texts, user } from './harness.mjs'

for (const language of LANGUAGES) {
	test(`a wrong password is told in words (${language})`, async (t) => {
		const page = await browser(t, { language })
		await page.goto(facts.url)
		await page.fill('#login-user', user('engineer').name)
		await page.fill('#login-password', 'not this one')
		await page.keyboard.press('Enter')
		const alert = await page.waitForSelector('[role=alert]')
		assert.match(await alert.textContent(), language === 'en' ? /[a-z]{3}/i : /[\u4e00-\u9fff]/)
		assert.equal(await page.evaluate(() => document.documentElement.lang), language)
		assert.ok(new URL(page.url()).pathname === '/login')
	})
}

test('who signs in comes to where he wanted to go, and out again', async (t) => {
	const page = await browser(t)
	await signIn(page, user('auditor'), '/history?state=closed')
	await page.waitForURL('**/history?state=closed')
	await page.getByRole('button', { name: texts.en.shell.sign_out }).click()
	await page.waitForSelector('#login-user')
	await page.goto(facts.url + '/history')
	await page.waitForURL((url) => url.pathname === '/login' && url.searchParams.get('next') === '/history')
})

test('the address of another site is never where one goes', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'), '/login?next=//example.org/')
	await page.waitForURL(facts.url + '/')
})

test('the language is switched at once and remembered', async (t) => {
	const page = await browser(t, { language: 'en' })
	await page.goto(facts.url)
	await page.getByRole('button', { name: '中文' }).click()
	await page.getByText(texts['zh-CN'].login.password).waitFor()
	await page.reload()
	await page.getByText(texts['zh-CN'].login.password).waitFor()
})

test('a second factor is enrolled, its recovery codes are shown, and it is asked for then', async (t) => {
	const page = await browser(t)
	const who = user('enrolling')
	await page.goto(facts.url)
	await page.fill('#login-user', who.name)
	await page.fill('#login-password', passwordOf(who))
	await page.keyboard.press('Enter')
	const secret = (await (await page.waitForSelector('code.secret')).textContent()).replace(/\s/g, '')
	assert.match(await page.getByText(texts.en.login.open_app).getAttribute('href'), new RegExp(`^otpauth://totp/Yanmen:${who.name}\\?secret=${secret}&issuer=Yanmen$`))
	await shot(page, 'enrol')
	await page.fill('#login-code', '000000' === codeOf(secret) ? '111111' : '000000')
	await page.keyboard.press('Enter')
	await page.waitForSelector('[role=alert]')
	await page.fill('#login-code', codeOf(secret))
	await page.keyboard.press('Enter')
	await page.waitForSelector('.codes li')
	assert.equal(await page.locator('.codes li').count(), 10)
	const recovery = (await page.locator('.codes li').first().textContent()).trim()
	await page.getByRole('button', { name: texts.en.login.kept }).click()
	await page.waitForSelector('header .who', { state: 'attached' })
	await page.getByRole('button', { name: texts.en.shell.sign_out }).click()
	await page.waitForSelector('#login-user')
	await page.fill('#login-user', who.name)
	await page.fill('#login-password', passwordOf(who))
	await page.keyboard.press('Enter')
	await page.waitForSelector('#login-code')
	await page.fill('#login-code', recovery)
	await page.keyboard.press('Enter')
	await page.waitForSelector('header .who', { state: 'attached' })
})

test('one sees where he is signed in and ends the other one', async (t) => {
	const here = await browser(t)
	const there = await browser(t)
	await signIn(there, user('operator'))
	await signIn(here, user('operator'), '/my-sessions')
	await here.locator('.el-table__row').nth(1).waitFor()
	for (let rows = await here.locator('.el-table__row').count(); rows > 1; rows--) {
		await here.getByRole('button', { name: `${texts.en.mine.end} 127.0.0.1` }).first().click()
		await here.waitForFunction((n) => document.querySelectorAll('.el-table__row').length < n, rows)
	}
	await there.reload() // he may have been told before
	await there.waitForSelector('#login-user')
})
