// What the grant says of pasting and copying: the page tells, the gateway holds to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, LANGUAGES, openShell, screenOf, shot, shows, signIn, texts, type, user } from './harness.mjs'

/* As Ctrl+V does. */
async function paste(page, text) {
	await page.locator('.panel:visible .xterm-helper-textarea').focus()
	await page.evaluate((text) => {
		const data = new DataTransfer()
		data.setData('text/plain', text)
		document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
	}, text)
}

for (const language of LANGUAGES) {
	test(`where pasting is forbidden the page says so, and typing goes on (${language})`, async (t) => {
		const words = texts[language]
		const page = await browser(t, { language })
		await signIn(page, user('careful'))
		await openShell(page, facts.target)
		await page.getByText(words.term_rules.paste_off).waitFor()
		await page.getByText(words.term_rules.copy_off).waitFor()
		await paste(page, 'echo pas""ted')
		await page.getByText(words.term_rules.no_paste).waitFor()
		await type(page, 'echo ty""ped')
		assert.doesNotMatch(await shows(page, /^typed$/m), /pas/)
		const copied = await page.evaluate(() => !document.activeElement.dispatchEvent(new ClipboardEvent('copy', { bubbles: true, cancelable: true })))
		assert.ok(copied, 'the page does not copy')
		await page.getByText(words.term_rules.no_copy).waitFor()
		await shot(page, `paste-forbidden-${language}`)
		assert.deepEqual(await faults(page), [])
	})
}

test('a paste that is allowed is told and typed, a larger one refused', async (t) => {
	const page = await browser(t)
	await signIn(page, user('sized'))
	await openShell(page, facts.target)
	await paste(page, 'echo one-$((1+0))\necho two-$((1+1))') // the grant says allow: no question
	await page.keyboard.press('Enter') // bash waits for it behind a paste
	await shows(page, /^one-1$[^]*^two-2$/m)
	await paste(page, `echo ${'x'.repeat(3000)}`)
	await page.getByText(texts.en.term_rules.too_large.replace('{max}', '2 KiB')).waitFor()
	assert.doesNotMatch(await screenOf(page), /xxxx/)
})
