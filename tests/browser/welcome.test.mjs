// The first run: an administrator is led through it, may leave and come back; nobody else sees it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, LANGUAGES, passwordOf, shot, signIn, texts, user } from './harness.mjs'

const STEPS = ['language', 'password', 'factor', 'address', 'storage', 'target', 'user', 'finish']
const at = (page, language, step) => page.getByRole('heading', { level: 1, name: texts[language].welcome.titles[step] }).waitFor()
const press = (page, name) => page.getByRole('button', { name, exact: true }).click()

async function toFirst(page, language) {
	for (let n = STEPS.length - 1; n >= 0; n--) {
		const heading = await page.textContent('h1')
		const step = STEPS.findIndex((name) => texts[language].welcome.titles[name] === heading)
		if (step === 0) return
		await press(page, texts[language].welcome.back)
		await at(page, language, STEPS[step - 1])
	}
}

for (const language of LANGUAGES) {
	test(`each step shuts nobody out (${language})`, async (t) => {
		const page = await browser(t, { language })
		const words = texts[language].welcome
		await signIn(page, user('first'), '/')
		await page.waitForURL('**/welcome')
		const all = {}
		for (const step of STEPS) {
			await at(page, language, step)
			await page.waitForLoadState('networkidle')
			await page.mouse.move(0, 0)
			await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))
			await shot(page, `welcome-${language}-${step}`)
			all[step] = await faults(page)
			if (step !== 'finish') await press(page, words.next)
		}
		assert.deepEqual(Object.fromEntries(Object.entries(all).filter(([, found]) => found.length > 0)), {})
		await toFirst(page, language)
	})
}

test('one leaves, comes back to the same step, and ends it with a shell', async (t) => {
	const page = await browser(t)
	const words = texts.en.welcome
	const who = user('first')
	await signIn(page, who, '/')
	await page.getByText(/^Step \d/).waitFor()
	await toFirst(page, 'en')
	await press(page, words.next)
	await at(page, 'en', 'password')
	await page.fill('#old-password', passwordOf(who))
	await page.fill('#new-password', 'my own 1st word')
	await page.fill('#again-password', 'my own 1st word')
	await page.keyboard.press('Enter')
	await at(page, 'en', 'factor')
	await press(page, words.later)
	await page.waitForURL(facts.url + '/')
	await page.goto(`${facts.url}/welcome`)
	await at(page, 'en', 'factor')
	await press(page, words.next)
	await at(page, 'en', 'address')
	assert.match(await page.textContent('.long'), /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
	await press(page, words.next)
	await page.getByText('GiB').waitFor()
	await page.fill('#retention-days', '181')
	await page.keyboard.press('Enter')
	await page.getByText(words.storage.kept).waitFor()
	await press(page, words.next)
	// Another target at the samples' address: looked at, its key shown, refused; then the one that is there.
	await page.fill('#first-name', 'second-door')
	await page.fill('#first-host', facts.address)
	await page.fill('#first-cluster', 'samples')
	await page.keyboard.press('Enter')
	await page.getByText(words.target.key).waitFor()
	await page.getByText(/^SHA256:/).waitFor()
	await shot(page, 'welcome-key')
	await press(page, words.target.refuse)
	await page.getByRole('button', { name: new RegExp(`^${facts.target} · `) }).click()
	await page.getByText(words.target.done.replace('{target}', facts.target)).waitFor()
	await press(page, words.next)
	await page.fill('#user-name', 'first-of-all')
	await page.fill('#user-secret', 'quite long enough 1')
	await page.keyboard.press('Enter')
	await page.getByText(words.user.done.replace('{user}', 'first-of-all').replace('{target}', facts.target)).waitFor()
	await press(page, words.user.own)
	await page.getByText(words.user.done.replace('{user}', who.name).replace('{target}', facts.target)).waitFor()
	await press(page, words.next)
	await press(page, words.finish.shell)
	await page.waitForURL(facts.url + '/')
	await page.getByText(facts.target).first().waitFor()
	await page.reload()
	await page.waitForURL(facts.url + '/') // it is over
})

test('nobody else is led through it, and nobody else may end it', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'), '/')
	await page.getByPlaceholder(texts.en.home.search).waitFor()
	await page.goto(`${facts.url}/welcome`)
	await page.getByText('not allowed').waitFor()
})
