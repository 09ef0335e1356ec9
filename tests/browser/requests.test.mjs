// Access requests: asked for from the home page, decided on a phone, used, extended, given up; in both languages, and with axe.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { browser, facts, LANGUAGES, shot, signIn, texts, user } from './harness.mjs'

const PHONE = { width: 390, height: 844 }
const axe = readFileSync(new URL('../../console/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

async function faults(page) {
	await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))
	const session = await page.context().newCDPSession(page)
	await session.send('Runtime.evaluate', { expression: axe })
	return page.evaluate(async () => {
		const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
		return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)
	})
}

for (const [n, language] of LANGUAGES.entries()) {
	test(`what is asked for is approved in two taps and works at once (${language})`, async (t) => {
		const w = texts[language]
		const target = facts.targets[n]
		const looked = {}
		const asker = await browser(t, { language })
		const decider = await browser(t, { language, size: PHONE })
		await signIn(decider, facts.decider, '/approve')
		await signIn(asker, facts.askers[n])

		// asked for: from the home page's search, by keyboard to the form
		await asker.getByPlaceholder(w.home.search).fill(target)
		await asker.getByRole('link', { name: `${w.requests.ask} ${facts.account}@${target}` }).click()
		const form = asker.getByRole('dialog', { name: w.requests.ask })
		await form.getByRole('textbox', { name: w.field.reason }).fill('ticket 4711: disk is full')
		looked.form = await faults(asker)
		await shot(asker, `requests-${language}-form`)
		await form.getByRole('button', { name: w.requests.send }).click()
		const mine = asker.getByRole('article', { name: new RegExp(`${facts.account}@${target}$`) })
		await mine.getByText(w.request_state.asked).waitFor()
		looked.mine = await faults(asker)
		await shot(asker, `requests-${language}-mine`)

		// decided on a phone: the card and the number come by themselves
		await decider.getByRole('link', { name: w.requests.waiting.replace('{n}', '1') }).waitFor()
		const card = decider.getByRole('article', { name: new RegExp(`${facts.account}@${target}$`) })
		await card.getByText('ticket 4711: disk is full').waitFor()
		looked.approve = await faults(decider)
		await shot(decider, `requests-${language}-approve`)
		await card.getByRole('button', { name: new RegExp(`^${w.requests.do.approve}`) }).click()
		const sure = decider.getByRole('dialog', { name: w.requests.do.approve })
		await sure.waitFor()
		looked.sure = await faults(decider)
		await shot(decider, `requests-${language}-sure`)
		await sure.getByRole('button', { name: w.requests.yes.replace('{what}', w.requests.do.approve) }).click()
		await decider.getByText(w.requests.nothing_waits).waitFor()
		assert.equal(await decider.locator('.waits').count(), 0)

		// the asker sees it at once, opens it, wants it for longer
		await mine.getByText(w.request_state.active, { exact: true }).waitFor()
		await mine.getByText(w.requests.by.replace('{who}', facts.decider.name)).waitFor()
		await mine.getByRole('button', { name: w.requests.extend, exact: true }).click()
		const longer = asker.getByRole('dialog', { name: w.requests.extend })
		await longer.getByRole('textbox', { name: w.field.reason }).fill('not done yet')
		await longer.getByRole('button', { name: w.requests.send }).click()
		const extension = decider.getByRole('article', { name: new RegExp(`${facts.account}@${target}$`) })
		await extension.getByRole('button', { name: new RegExp(`^${w.requests.do.refuse}`) }).click()
		const no = decider.getByRole('dialog', { name: w.requests.do.refuse })
		await no.getByRole('textbox', { name: w.field.reason }).fill('two days are enough')
		await no.getByRole('button', { name: w.requests.yes.replace('{what}', w.requests.do.refuse) }).click()
		await asker.getByText('two days are enough').waitFor()
		await shot(asker, `requests-${language}-refused`)

		// given up
		const active = asker.getByRole('article').filter({ hasText: w.request_state.active })
		await active.getByRole('button', { name: w.requests.give_up }).click()
		await asker.getByRole('dialog', { name: w.requests.give_up }).getByRole('button', { name: w.requests.give_up }).click()
		await asker.getByRole('article').getByText(w.request_state.ended).waitFor()
		assert.deepEqual(Object.fromEntries(Object.entries(looked).filter(([, found]) => found.length > 0)), {})
	})
}

test('Ctrl+K leads to the form for what one has not', async (t) => {
	const page = await browser(t)
	await signIn(page, facts.askers[2])
	await page.keyboard.press('Control+k')
	await page.getByRole('combobox').fill(facts.targets[0])
	await page.getByRole('option', { name: new RegExp(`${texts.en.requests.ask}: ${facts.account}@${facts.targets[0]}`) }).click()
	const form = page.getByRole('dialog', { name: texts.en.requests.ask })
	await form.getByText(facts.targets[0]).first().waitFor()
	await form.getByText(facts.account, { exact: true }).first().waitFor()
})

test('pre-approval is written on its page and takes effect', async (t) => {
	const page = await browser(t)
	const en = texts.en
	await signIn(page, user('admin'), '/inventory/preapprovals')
	await page.getByRole('button', { name: en.action.add, exact: true }).click()
	const drawer = page.getByRole('dialog', { name: en.action.add })
	const name = `p${process.pid}`
	await drawer.getByRole('textbox', { name: en.field.name }).fill(name)
	for (const [label, value] of [[en.field.user, facts.askers[2].name], [en.field.group, facts.group]]) {
		await drawer.getByRole('combobox', { name: label }).fill(value)
		await page.getByRole('option', { name: value, exact: true }).click()
	}
	await drawer.getByRole('textbox', { name: en.requests.longest }).fill('28800')
	await drawer.getByRole('button', { name: en.action.add }).click()
	await page.locator('.el-table__row', { hasText: name }).waitFor()
	assert.deepEqual(await faults(page), [])
	await shot(page, 'preapprovals')

	const asker = await browser(t)
	await signIn(asker, facts.askers[2], `/requests?target=${facts.targets[0]}&account=${facts.account}`)
	const form = asker.getByRole('dialog', { name: en.requests.ask })
	await form.getByRole('textbox', { name: en.field.reason }).fill('night shift')
	await form.getByRole('combobox', { name: en.requests.how_long }).click({ force: true }) // what is chosen lies over it
	await asker.getByRole('option', { name: en.requests.term.hours.replace('{n}', '8') }).click()
	await form.getByRole('button', { name: en.requests.send }).click()
	const mine = asker.getByRole('article')
	await mine.getByText(en.requests.by_policy.replace('{name}', name)).waitFor()
	await mine.getByText(en.request_state.active, { exact: true }).waitFor()
})
