// Secure mode, command rules and SQL rules: kept, put in order, tried on what really ran; said to be not yet enforced.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { act, browser, facts, faults, LANGUAGES, offered, passwordOf, shot, signIn, texts, user } from './harness.mjs'

const rested = (page) => page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))
const line = (page, text) => page.locator('.el-table__row', { hasText: text })

async function good(page, name) {
	await rested(page)
	await shot(page, name)
	assert.deepEqual(await faults(page), [], name)
}

/* In the drawer that is open.  What is chosen already lies above the input. */
const open = (page, label) => page.getByRole('dialog').locator('.el-select__wrapper', { has: page.getByRole('combobox', { name: label, exact: true }) }).click()
async function choose(page, label, value) {
	const option = page.getByRole('option', { name: value, exact: true })
	await open(page, label)
	await option.click()
	await option.waitFor({ state: 'hidden' })
}
/* Several of them. */
async function chooseMany(page, label, values) {
	await open(page, label)
	for (const name of values) await page.getByRole('option', { name, exact: true }).click()
	await page.keyboard.press('Escape')
	await page.getByRole('option', { name: values[0], exact: true }).waitFor({ state: 'hidden' })
}
const fill = (page, label, value) => page.getByRole('dialog').getByRole('textbox', { name: new RegExp(`^(\\* ?)?${label}$`) }).fill(value) // a star: it is needed
const turn = (page, label) => page.getByRole('dialog').locator('.el-form-item', { hasText: label }).locator('.el-switch').click()
const send = (page, label) => page.getByRole('dialog').getByRole('button', { name: label, exact: true }).click()
async function sent(page, label) {
	await send(page, label)
	await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

/* What was answered, by the name of the fact. */
async function answered(page, name) {
	const field = page.getByRole('dialog').locator('.answer tr', { has: page.getByText(name, { exact: true }) }).locator('td').last()
	await field.waitFor()
	return field.innerText()
}
async function close(page, words) {
	await send(page, words.dialog.close)
	await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

/* The rule stands there in the table, counted from 1. */
async function stands(page, name, place) {
	await page.waitForFunction(([wanted, at]) => document.querySelectorAll('.el-table__row')[at - 1]?.textContent.includes(wanted), [name, place])
}

for (const language of LANGUAGES) {
	const words = texts[language]
	const { cluster, database, mark, history } = facts.rules[language]

	test(`secure mode and command rules (${language})`, async (t) => {
		const page = await browser(t, { language })
		await signIn(page, user('admin'), `/inventory/secure_modes?q=${cluster}`)
		await page.getByText(words.rules.not_enforced).waitFor()
		await act(page, words.action.change, cluster)
		await turn(page, words.rules.secure)
		await choose(page, words.rules.doors, words.rule_doors.observer)
		await good(page, `secure-change-${language}`)
		await sent(page, words.action.change)
		await line(page, cluster).getByText(words.rule_doors.observer).waitFor()
		await good(page, `secure-${language}`)

		await line(page, cluster).getByRole('link').last().click() // its rules
		await page.getByText(words.rules.not_enforced).waitFor()
		await page.getByRole('button', { name: words.rules.starter }).click()
		await choose(page, words.field.cluster, cluster)
		await send(page, words.rules.starter)
		assert.equal(await answered(page, words.answer_field.rules), '15')
		await close(page, words)
		await line(page, 'mkfs*').waitFor()

		await page.getByRole('button', { name: words.action.add, exact: true }).click()
		await choose(page, words.field.cluster, cluster)
		await fill(page, words.rule.name, mark)
		await fill(page, words.rule.args, mark)
		await choose(page, words.rule.action, words.rule_action.deny)
		await page.getByText('-r|-R /etc*').waitFor() // a text with bars is whole
		await good(page, `rule-add-${language}`)
		await sent(page, words.action.add)
		await stands(page, mark, 16)
		await page.locator('.help summary').click() // how rules are read
		await good(page, `rules-${language}`)
		await page.locator('.help summary').click()

		const up = page.getByRole('button', { name: `${words.rules.up} ${mark}`, exact: true })
		await up.focus()
		for (const place of [15, 14]) {
			await page.keyboard.press('Enter')
			await stands(page, mark, place)
			await page.waitForFunction((name) => document.activeElement?.getAttribute('aria-label') === name, `${words.rules.up} ${mark}`) // it goes on from there
		}
		await line(page, mark).locator('.hold').dragTo(page.locator('.el-table__row').nth(11).locator('.hold'))
		await stands(page, mark, 12)

		await page.getByRole('checkbox').first().evaluate((all) => all.click())
		await page.getByRole('button', { name: words.action.enable, exact: true }).click()
		await sent(page, words.action.enable)
		await page.waitForFunction((no) => ![...document.querySelectorAll('.el-table__row')].some((row) => row.textContent.includes(no)), words.list.no)
		await page.getByRole('button', { name: words.rules.check }).click()
		await fill(page, words.rules.line, `sudo rm -rf /x/../etc; uptime; echo ${mark}`)
		await choose(page, words.field.cluster, cluster)
		await send(page, words.rules.check)
		assert.equal(await answered(page, words.answer_field.action), words.rule_action.deny)
		assert.match(await answered(page, words.answer_field.commands), /rm -rf/)
		await good(page, `rule-check-${language}`)
		await close(page, words)

		await page.goto(`${facts.url}/inventory/command_rules?q=${history}`)
		await act(page, words.rules.try, history)
		await send(page, words.rules.try)
		assert.equal(await answered(page, words.answer_field.hits), '1')
		assert.match(await answered(page, words.answer_field.examples), new RegExp(`echo ${mark} \\| cat`))
		assert.match(await answered(page, words.answer_field.say), language === 'en' ? /not yet enforced/ : /尚未强制执行/)
		await good(page, `rule-try-${language}`)
		await close(page, words)
	})

	test(`the second of two admins at a rule is told; rules as a file and back (${language})`, async (t) => {
		const [first, second] = [await browser(t, { language }), await browser(t, { language })]
		for (const page of [first, second]) {
			await signIn(page, user('admin'), `/inventory/command_rules?cluster=${cluster}`)
			await act(page, words.action.change, mark)
		}
		await fill(first, words.rule.reason_en, 'ask first')
		await sent(first, words.action.change)
		await fill(second, words.rule.reason_zh, '先问')
		await send(second, words.action.change)
		await second.getByRole('alert').filter({ hasText: 'user:' }).waitFor()
		await second.getByRole('button', { name: words.history.load }).click()
		await fill(second, words.rule.reason_zh, '先问')
		await sent(second, words.action.change)
		await first.close()

		const [download] = await Promise.all([second.waitForEvent('download'), second.getByRole('button', { name: words.sheet.export }).click()])
		const table = readFileSync(await download.path(), 'utf8')
		const mine = table.split('\r\n').find((one) => one.includes(mark))
		assert.match(mine, /ask first,先问$/)
		await second.getByRole('button', { name: words.sheet.import }).click()
		const changed = `${table.replace(mine, mine.replace(',deny,', ',alert,'))},${cluster},,from-a-file,,ask,,,,,off,,\r\n`
		await second.getByRole('dialog').locator('input[type=file]').setInputFiles({ name: 'rules.csv', mimeType: 'text/csv', buffer: Buffer.from(changed) })
		for (const [state, n] of [['changed', 1], ['new', 1], ['same', 15]])
			await second.getByRole('dialog').getByRole('button', { name: `${words.sheet_state[state]} ${n}`, exact: true }).waitFor()
		await good(second, `rules-sheet-${language}`)
		await send(second, words.sheet.take.replace('{n}', '2'))
		await second.getByRole('dialog').getByText(words.sheet.done.replace('{n}', '2')).waitFor()
		await second.keyboard.press('Escape')
		await line(second, 'from-a-file').waitFor()
		await line(second, mark).getByText(words.rule_action.alert).waitFor()
	})

	test(`SQL rules (${language})`, async (t) => {
		const page = await browser(t, { language })
		await signIn(page, user('admin'), `/inventory/sql_policies?q=${database}`)
		await page.getByText(words.rules.sql_not_enforced).waitFor()
		await act(page, words.action.change, database)
		await choose(page, words.rules.default, words.rule_action.approve)
		await turn(page, words.rules.approval)
		await sent(page, words.action.change)
		await line(page, database).getByText(words.rule_action.approve).waitFor()
		await good(page, `sql-policies-${language}`)

		await page.goto(`${facts.url}/inventory/sql_rules`)
		await page.getByText(words.rules.sql_not_enforced).waitFor()
		await page.getByRole('button', { name: words.rules.starter }).click()
		await choose(page, words.field.target, database)
		await send(page, words.rules.starter)
		await page.getByRole('dialog').locator('.answer').waitFor()
		await close(page, words)
		await line(page, 'UNPARSED').first().waitFor()
		await page.getByRole('textbox', { name: words.list.search }).fill(database)

		await page.getByRole('button', { name: words.action.add, exact: true }).click()
		await choose(page, words.field.target, database)
		await fill(page, words.rule.name, mark)
		await chooseMany(page, words.rule.class, ['UPDATE', 'DELETE'])
		await choose(page, words.rule.action, words.rule_action.deny)
		await fill(page, words.rule.tables, 'pay.*')
		await good(page, `sql-rule-add-${language}`)
		await sent(page, words.action.add)
		await line(page, mark).waitFor()
		await good(page, `sql-rules-${language}`)

		await page.getByRole('button', { name: words.rules.sql_check }).click()
		await choose(page, words.field.target, database)
		await chooseMany(page, words.rule.class, ['DELETE'])
		await fill(page, words.rule.tables, 'PAY.cards')
		await send(page, words.rules.sql_check)
		assert.equal(await answered(page, words.answer_field.action), words.rule_action.deny)
		assert.equal(await answered(page, words.answer_field.name), mark)
		await good(page, `sql-check-${language}`)
		await close(page, words)
	})
}

test('who administers a cluster sees the rules of all clusters, and changes his own', async (t) => {
	const page = await browser(t)
	const { cluster, admin } = facts.rules.en
	await page.goto(`${facts.url}/inventory/command_rules`)
	await page.fill('#login-user', admin.name)
	await page.fill('#login-password', passwordOf(admin))
	await page.keyboard.press('Enter')
	await line(page, facts.rules.everywhere).waitFor()
	assert.equal(await offered(page, texts.en.action.change, facts.rules.everywhere), false)
	assert.equal(await offered(page, texts.en.action.change, 'from-a-file'), true)
	assert.equal(await line(page, facts.rules['zh-CN'].cluster).count(), 0)
	await page.goto(`${facts.url}/inventory/secure_modes`)
	await line(page, cluster).waitFor()
	assert.equal(await page.locator('.el-table__row').count(), 1)
})
