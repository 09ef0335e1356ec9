// SQL approval: written with live checks, refused with a reason, asked anew, reviewed with what changed, approved; in both languages, and with axe.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, LANGUAGES, shot, signIn, texts } from './harness.mjs'

const SIZE = { width: 1280, height: 800 }
const rested = (page) => page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))

async function good(page, name) {
	await rested(page)
	await shot(page, name)
	assert.deepEqual(await faults(page), [], name)
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false, `${name}: wider than the window`)
}

for (const language of LANGUAGES) {
	test(`SQL is asked for, refused, asked anew and approved (${language})`, async (t) => {
		const w = texts[language]
		const words = w.sql_request
		const { target, account, asker, dba } = facts.sqlrequests[language]
		const mine = await browser(t, { language, size: SIZE })
		const theirs = await browser(t, { language, size: SIZE })
		await signIn(mine, asker, '/sql')
		await signIn(theirs, dba, '/sql')

		// asked for, by keyboard, with what the gateway makes of it
		await mine.getByRole('button', { name: words.ask, exact: true }).press('Enter')
		const form = mine.getByRole('dialog', { name: words.ask })
		await form.getByText(`${account}@${target}`).waitFor() // the only one: chosen
		await form.getByRole('textbox', { name: words.sql }).fill('DELETE FROM shop.orders WHERE id = 7;\nDELETE FROM shop.stock;\n')
		const found = form.getByRole('status', { name: words.findings })
		await found.getByText(words.says.approve).waitFor()
		await found.getByText(words.by_rule.replace('{name}', 'deletes')).waitFor()
		await found.getByText(dba.name).waitFor()
		await form.getByRole('textbox', { name: w.field.reason }).fill('ticket 4711')
		await good(mine, `sql-ask-${language}`)
		await form.getByRole('button', { name: w.requests.send }).click()

		// it is there at once for who approves; refused with a reason
		const row = theirs.locator('.el-table__row', { hasText: 'ticket 4711' })
		await row.waitFor()
		await good(theirs, `sql-queue-${language}`)
		await row.getByRole('link').click()
		const review = theirs.getByRole('dialog')
		await review.getByLabel(words.sql, { exact: true }).getByText('DELETE FROM shop.stock').waitFor()
		await review.getByText(words.estimate_unknown, { exact: true }).first().waitFor()
		await good(theirs, `sql-review-${language}`)
		await review.getByRole('button', { name: words.do.refuse, exact: true }).click()
		await review.getByRole('textbox', { name: w.field.reason }).fill('say which rows of stock')
		await review.getByRole('button', { name: w.requests.yes.replace('{what}', words.do.refuse) }).click()
		await review.getByText(words.state.refused, { exact: true }).first().waitFor()

		// who asked sees it, without a reload, and asks anew
		const own = mine.getByRole('dialog')
		await own.getByText('say which rows of stock').first().waitFor()
		await own.getByRole('button', { name: words.revise }).click()
		const again = mine.getByRole('dialog', { name: words.revise })
		await again.getByRole('textbox', { name: words.sql }).fill('DELETE FROM shop.orders WHERE id = 7;\nDELETE FROM shop.stock WHERE sku = 1;\n')
		await again.getByRole('button', { name: w.requests.send }).click()
		await mine.getByRole('dialog').getByLabel(words.diff).waitFor()

		// what changed is shown to who approves
		await theirs.keyboard.press('Escape')
		await theirs.locator('.el-table__row', { hasText: 'ticket 4711' }).getByRole('link').click()
		const diff = theirs.getByRole('dialog').getByLabel(words.diff)
		await diff.waitFor()
		assert.match(await diff.locator('del').innerText(), /DELETE FROM shop\.stock;/)
		assert.match(await diff.locator('ins').innerText(), /WHERE sku = 1/)
		await good(theirs, `sql-diff-${language}`)
		await theirs.getByRole('dialog').getByRole('button', { name: words.do.approve, exact: true }).click()
		await theirs.getByRole('dialog').getByRole('textbox', { name: words.fewer }).fill('5')
		await theirs.getByRole('dialog').getByRole('button', { name: w.requests.yes.replace('{what}', words.do.approve) }).click()
		await theirs.getByRole('dialog').getByText(words.state.approved, { exact: true }).first().waitFor()
		await mine.getByText(words.use_it).waitFor()
		await good(mine, `sql-approved-${language}`)
		await mine.keyboard.press('Escape')
		assert.equal(await theirs.getByRole('button', { name: words.do.withdraw, exact: true }).count(), 0, 'only who asked takes it back')
	})
}
