/*
 * weights - bytes on the wire of each page, opened by a browser that has nothing yet: for tools/bench web.
 * usage: node weights.mjs URL NAME PASSWORD_FILE PATH...   prints {"PATH": bytes}; what the login page brought is not counted again.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '../../console/node_modules/playwright-core/index.mjs'

const [url, name, passwordFile, ...paths] = process.argv.slice(2)
const profile = mkdtempSync(join(tmpdir(), 'yanmen-weights-'))
const context = await chromium.launchPersistentContext(profile, {
	executablePath: '/usr/bin/chromium',
	args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
	ignoreHTTPSErrors: true,
	locale: 'en',
})
try {
	const page = context.pages()[0] ?? (await context.newPage())
	const session = await page.context().newCDPSession(page)
	const weights = {}
	let bytes = 0
	await session.send('Network.enable')
	session.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
	async function weigh(what, ready) {
		await page.waitForSelector(ready, { state: 'attached' })
		await page.waitForLoadState('networkidle')
		weights[what] = bytes
		bytes = 0
	}
	await page.goto(url)
	await weigh('login', '#login-user')
	await page.fill('#login-user', name)
	await page.fill('#login-password', readFileSync(passwordFile, 'utf8').trim())
	await page.keyboard.press('Enter')
	await weigh('/', 'header .who')
	for (const path of paths) {
		await page.goto(url + path)
		await weigh(path, '#main h1')
	}
	console.log(JSON.stringify(weights))
} finally {
	await context.close()
	rmSync(profile, { recursive: true, force: true })
}
