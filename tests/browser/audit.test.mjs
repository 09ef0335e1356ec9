// The audit: a search in the address, its hits as a file, and the chain verified from the page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { browser, facts, LANGUAGES, shot, signIn, texts, user } from './harness.mjs'

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

if (facts.broken)
	test('an altered row is named', async (t) => {
		const page = await browser(t)
		await signIn(page, user('admin'))
		await page.goto(facts.url + '/audit?at.from=now-15m&at.to=now')
		await page.getByRole('button', { name: texts.en.verify.open, exact: true }).click()
		const alert = page.locator('[role=dialog] [role=alert]')
		await alert.waitFor()
		assert.match(await alert.textContent(), new RegExp(`event ${facts.broken} of the audit log`))
		await shot(page, 'audit-broken')
	})
else
	for (const language of LANGUAGES)
		test(`a search stands in the address and becomes a file (${language})`, async (t) => {
			const words = texts[language]
			const page = await browser(t, { language })
			await signIn(page, user('admin'))
			await page.goto(facts.url + '/audit?at.from=now-1h&at.to=now&kind=login,admin')
			await page.locator('.el-table__row').first().waitFor()
			assert.ok(await page.locator('#main').getByText(words.range.now_1h, { exact: true }).isVisible())
			const cells = await page.locator('.el-table__row td:nth-child(3) span').evaluateAll((all) => all.map((cell) => [cell.title, cell.textContent]))
			assert.ok(cells.length > 0 && cells.every(([kind]) => !/^(command|channel|file)\./.test(kind)), cells.join())
			assert.ok(cells.every(([kind, word]) => word !== kind), `no words for ${cells.join()}`)

			await page.getByRole('combobox', { name: words.field.at, exact: true }).click({ force: true }) // its value lies over it
			await page.getByRole('option', { name: words.range.now_7d, exact: true }).click()
			await page.waitForURL(/at\.from=now-7d/)
			await page.locator('.el-table__row').first().waitFor()
			await shot(page, `audit-${language}`)
			const all = { page: await faults(page) }

			const coming = page.waitForEvent('download')
			await page.getByRole('button', { name: words.audit.save_csv, exact: true }).click()
			const file = await coming
			const lines = readFileSync(await file.path(), 'utf8').split('\r\n')
			assert.equal(lines[0], '\ufeff"time","kind","user","target","session","offset","text","actor","id"')
			assert.ok(lines.length > 2 && file.suggestedFilename().endsWith('.csv'))

			await page.getByRole('button', { name: words.verify.open, exact: true }).click()
			await page.getByText(words.verify.whole, { exact: true }).waitFor()
			await shot(page, `audit-verified-${language}`)
			all.verified = await faults(page)
			assert.deepEqual(Object.fromEntries(Object.entries(all).filter(([, found]) => found.length > 0)), {})
		})
