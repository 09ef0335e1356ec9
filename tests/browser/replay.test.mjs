// A recording of two hours: any second at once, what is in it ahead of the picture, a text found, files saved, proof.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { browser, facts, faults, LANGUAGES, shot, shows, signIn, texts, user } from './harness.mjs'

const TENTHS = [9, 2, 7, 1, 5, 8, 3, 6, 4, 9, 1, 8, 2, 6, 3, 7, 5, 1, 4, 2]

/* Milliseconds from a key to the picture of that tenth: its last line is that of the second before. */
async function seekTo(page, tenth) {
	const begun = performance.now()
	await page.keyboard.press(String(tenth))
	await page.waitForFunction(
		(mark) => [...document.querySelectorAll('.xterm-rows > *')].some((row) => row.textContent.includes(mark)),
		`mark-${facts.seconds / 10 * tenth - 1} `,
	)
	return performance.now() - begun
}

for (const language of LANGUAGES) {
	test(`two hours at a glance (${language})`, async (t) => {
		const words = texts[language]
		const page = await browser(t, { language })
		await signIn(page, user('auditor'), `/sessions/${facts.long}/replay?t=3600`)
		await page.getByText(`${words.marker.command} deploy --step 7000`).waitFor()
		await page.getByText(words.evidence.verified).waitFor()
		await page.locator('.heat path[d^=M]').waitFor({ state: 'attached' })
		await shows(page, /mark-3[56]\d\d/)
		await page.keyboard.press(' ') // it stands still from here on
		if (language === 'en') {
			const took = []
			for (const tenth of TENTHS) took.push(await seekTo(page, tenth))
			took.sort((a, b) => a - b)
			t.diagnostic(`seek: median ${Math.round(took[10])} ms, p95 ${Math.round(took[18])} ms`)
			if (facts.measured) assert.ok(took[18] < 5000, `seeks took ${took}`) // not the whole, whatever else the machine does
		}
		await page.getByText(words.evidence.verified).click()
		await page.getByText(/SHA256:/).waitFor()
		await shot(page, `replay-evidence-${language}`)
		assert.deepEqual(await faults(page), [])
		await page.getByText(words.evidence.verified).first().click()
		await page.getByText(`${words.marker.command} deploy --step 7000`).click()
		await page.waitForFunction(() => document.querySelector('.player input').value >= 6_999_000)
		await shot(page, `replay-long-${language}`)
		const saving = page.waitForEvent('download')
		await page.getByRole('button', { name: words.recorded.text }).click()
		const saved = await saving
		assert.match(saved.suggestedFilename(), /\.txt$/)
		assert.match(readFileSync(await saved.path(), 'utf8'), /mark-7199 雁门/)
	})
}

test('what was shown is found, and is one click away', async (t) => {
	const page = await browser(t)
	await signIn(page, user('auditor'), `/sessions/${facts.short}/replay`)
	await page.keyboard.press('/')
	await page.keyboard.type('NEEDLE in')
	await page.keyboard.press('Enter')
	await page.getByText(texts.en.recorded.hits.replace('{n}', '1')).waitFor()
	assert.equal(await page.locator('.marker.hit').count(), 1)
	await page.locator('.find li button').click()
	await shows(page, /needle in 雁门/)
	await shot(page, 'replay-found')
	assert.deepEqual(await faults(page), [])
})

test('a recording that was altered is not called verified', async (t) => {
	const page = await browser(t)
	await signIn(page, user('auditor'), `/sessions/${facts.altered}/replay`)
	await page.getByText(texts.en.evidence.broken).click()
	await page.getByText(texts.en.evidence.broken_about).waitFor()
	await shot(page, 'replay-altered')
})
