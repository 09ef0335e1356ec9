// Who looks, when and from where: across what is watched, and across terminals where the setting says so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, facts, faults, openShell, shot, shows, signIn, texts, type, user } from './harness.mjs'

const there = (page, within) => page.waitForSelector(`${within} > .watermark`, { state: 'attached' })
const none = (page) => page.locator('.watermark').count()

/* The mark covers its place, and is for nobody's pointer, reader or selection. */
async function covers(page, within) {
	const seen = await page.evaluate((name) => {
		const place = document.querySelector(name)
		const mark = place.querySelector(':scope > .watermark')
		const style = getComputedStyle(mark)
		const boxes = [place, mark].map((one) => one.getBoundingClientRect())
		return {
			over: Math.abs(boxes[0].width - boxes[1].width) <= 2 && Math.abs(boxes[0].height - boxes[1].height) <= 2,
			image: style.backgroundImage,
			hidden: mark.getAttribute('aria-hidden'),
			text: mark.textContent,
			pointer: style.pointerEvents,
			display: style.display,
			opacity: style.opacity,
		}
	}, within)
	assert.match(seen.image, /^url\("data:image\/png/)
	assert.deepEqual({ ...seen, image: '' }, { over: true, image: '', hidden: 'true', text: '', pointer: 'none', display: 'block', opacity: '1' })
	return seen.image
}

async function set(page, value) {
	const status = await page.evaluate(async (to) => {
		const { csrf } = await (await fetch('/api/v1/me')).json()
		const answer = await fetch('/api/v1/commands/settings/set', {
			method: 'POST',
			headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf },
			body: JSON.stringify({ key: 'console.watermark', value: to }),
		})
		return answer.status
	}, value)
	assert.equal(status, 200)
}

test('a live picture has a mark that comes back; a terminal has one when the setting says all, nothing has one when it is off', async (t) => {
	const engineer = await browser(t)
	const admin = await browser(t, { language: 'zh-CN' })
	await signIn(engineer, user('watched'))
	await openShell(engineer, facts.target)
	await type(engineer, 'echo 水印-$((1+1))')
	await shows(engineer, /^水印-2$/m)
	assert.equal(await none(engineer), 0, 'what one does oneself has none')

	await signIn(admin, user('admin'), '/sessions')
	await admin.locator('.el-table__row', { hasText: user('watched').name }).first().click()
	await shows(admin, /^水印-2$/m)
	await there(admin, '.picture .place')
	const image = await covers(admin, '.picture .place')
	await shot(admin, 'watermark-watch-zh')
	assert.deepEqual(await faults(admin), [])

	// Taken away, hidden or made small, it is there again.
	for (const change of ['mark.remove()', 'mark.style.display = "none"', 'mark.hidden = true', 'mark.className = ""', 'mark.setAttribute("style", "opacity:0")', 'document.body.append(mark)']) {
		const session = await admin.context().newCDPSession(admin)
		await session.send('Runtime.evaluate', { expression: `{ const mark = document.querySelector('.picture .place > .watermark'); ${change} }` })
		await session.detach()
		await there(admin, '.picture .place')
		assert.equal(await covers(admin, '.picture .place'), image)
		assert.equal(await none(admin), 1)
	}
	await admin.setViewportSize({ width: 900, height: 600 })
	await covers(admin, '.picture .place')

	// Terminals too; one types into them as ever.
	await set(admin, 'all')
	await engineer.reload()
	await there(engineer, '.panel .middle')
	assert.notEqual(await covers(engineer, '.panel .middle'), image, 'another person, another mark')
	await engineer.locator('.panel .xterm-screen').click()
	await type(engineer, 'echo typed-$((1+1))')
	await shows(engineer, /^typed-2$/m)
	await shot(engineer, 'watermark-terminal-en')
	assert.deepEqual(await faults(engineer), [])

	await set(admin, 'off')
	await admin.reload()
	await admin.locator('.el-table__row', { hasText: user('watched').name }).first().click()
	await shows(admin, /^typed-2$/m)
	assert.equal(await none(admin), 0)

	// What was recorded has it as well.
	await set(admin, 'watch')
	await type(engineer, 'exit')
	await engineer.getByRole('alert').getByText(texts.en.terminal.ended).waitFor()
	const auditor = await browser(t)
	await signIn(auditor, user('auditor'), `/history?user=${user('watched').name}&state=closed`)
	await auditor.locator('.el-table__row').first().getByRole('link', { name: texts.en.replay.open }).click()
	await shows(auditor, /水印-2/, 60)
	await there(auditor, '.picture .place')
	await covers(auditor, '.picture .place')
	await shot(auditor, 'watermark-replay-en')
})
