/*
 * harness - Debian's Chromium on a real Yanmen.  tests/integration/test_browser_*.py start these files and tells in a JSON file
 * (YANMEN_BROWSER) where the instance is and who its users are.
 */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from '../../console/node_modules/playwright-core/index.mjs'

export const facts = JSON.parse(readFileSync(process.env.YANMEN_BROWSER, 'utf8'))
export const LANGUAGES = ['zh-CN', 'en']
export const texts = Object.fromEntries(
	LANGUAGES.map((name) => [name, JSON.parse(readFileSync(new URL(`../../console/src/i18n/${name}.json`, import.meta.url), 'utf8'))]),
)
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync']
const WAIT = 30_000
const quiet = /Failed to load resource|WebSocket connection to/ // a refusal that a test provokes, a server that restarts

/* A browser of one person; closed with the test.  Its page may log no error and break no rule of the policy. */
export async function browser(t, { language = 'en', size = { width: 1280, height: 720 } } = {}) {
	const profile = mkdtempSync(join(tmpdir(), 'yanmen-browser-'))
	const context = await chromium.launchPersistentContext(profile, {
		executablePath: '/usr/bin/chromium',
		args: FLAGS,
		ignoreHTTPSErrors: true,
		locale: language,
		reducedMotion: 'reduce', // what fades has the colours of neither state
		viewport: size,
		timeout: 60_000,
	})
	const page = context.pages()[0] ?? (await context.newPage())
	const wrong = []
	page.setDefaultTimeout(WAIT)
	page.on('pageerror', (error) => wrong.push(String(error.stack ?? error)))
	page.on('console', (message) => message.type() === 'error' && !quiet.test(message.text()) && wrong.push(message.text()))
	t.after(async () => {
		await shot(page, `${t.name}-end`)
		await context.close()
		rmSync(profile, { recursive: true, force: true })
		assert.deepEqual(wrong, [], 'the page logged errors')
	})
	return page
}

/* What can be done with a row: a button of it, or, where there are many, an item of its menu "More". */
async function doing(page, label, of) {
	const name = `${label} ${of}`
	const { more } = texts[await page.evaluate(() => document.documentElement.lang)].row_menu
	return {
		button: page.getByRole('button', { name, exact: true }),
		more: page.getByRole('button', { name: `${more} ${of}`, exact: true }),
		item: page.getByRole('menuitem', { name, exact: true }),
	}
}

export async function act(page, label, of) {
	const { button, more, item } = await doing(page, label, of)
	await button.or(more).first().waitFor()
	if ((await button.count()) > 0) return button.click()
	await more.click()
	return item.click()
}

/* Whether that is offered; the row must be there. */
export async function offered(page, label, of) {
	const { button, more, item } = await doing(page, label, of)
	if ((await button.count()) > 0 || (await more.count()) === 0) return (await button.count()) > 0
	await more.click()
	await page.getByRole('menu').waitFor()
	const found = (await item.count()) > 0
	await page.keyboard.press('Escape')
	return found
}

export const user = (role) => facts.users[role]
export const passwordOf = (who) => readFileSync(who.password_file, 'utf8')

export async function shot(page, name) {
	if (facts.shots) await page.screenshot({ path: join(facts.shots, `${name.replace(/[^\w-]+/g, '_')}.png`) }).catch(() => {})
}

export async function signIn(page, who, at = '/') {
	await page.goto(facts.url + at)
	await page.fill('#login-user', who.name)
	await page.fill('#login-password', passwordOf(who))
	await page.keyboard.press('Enter')
	await page.waitForSelector('header .who', { state: 'attached' })
}

/* The names in the menu, its folded groups too. */
export async function menu(page) {
	await page.locator('nav details').evaluateAll((groups) => groups.forEach((group) => (group.open = true)))
	return (await page.getByRole('navigation').getByRole('link').allTextContents()).map((name) => name.trim())
}

/* What a terminal shows, a line each. */
export function screenOf(page) {
	return page.evaluate(() => {
		const seen = [...document.querySelectorAll('.xterm-rows')].find((rows) => rows.getClientRects().length > 0)
		return [...(seen?.children ?? [])].map((row) => row.textContent.replace(/\u00a0/g, ' ').trimEnd()).join('\n')
	})
}

export async function shows(page, wanted, seconds = 30) {
	const end = Date.now() + seconds * 1000
	for (;;) {
		const now = await screenOf(page)
		if (typeof wanted === 'string' ? now.includes(wanted) : wanted.test(now)) return now
		assert.ok(Date.now() < end, `the screen never showed ${wanted}:\n${now}`)
		await new Promise((done) => setTimeout(done, 100))
	}
}

/* From the page of targets to a shell: type the name, Enter. */
export async function openShell(page, target) {
	const t = await page.evaluate(() => document.documentElement.lang)
	const box = page.getByPlaceholder(texts[t].home.search)
	await box.fill(target)
	await page.waitForFunction((name) => document.querySelector('.el-table__row')?.textContent.includes(name), target)
	await box.press('Enter')
	await page.waitForSelector('.xterm-helper-textarea')
	await shows(page, /[$#>] ?$/m)
}

/* Types a line; the prompt must be there. */
export async function type(page, line) {
	await page.locator('.panel:visible .xterm-helper-textarea').focus()
	await page.keyboard.type(line)
	await page.keyboard.press('Enter')
}

/* The id of a process of this instance, by its program. */
export function processOf(program) {
	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		try {
			const path = readlinkSync(`/proc/${pid}/exe`)
			if (path.startsWith(facts.home) && path.endsWith(`/${program}`)) return Number(pid)
		} catch {
			continue // it has gone, or is the kernel's
		}
	}
	throw new Error(`no ${program} runs`)
}

/* The code of an authenticator app (RFC 6238). */
export function codeOf(secret, step = Math.floor(Date.now() / 30_000)) {
	const bits = [...secret.replace(/[\s=]/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
	const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
	const counter = Buffer.alloc(8)
	counter.writeBigUInt64BE(BigInt(step))
	const mac = createHmac('sha1', key).update(counter).digest()
	const at = mac[19] & 15
	return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const axe = readFileSync(new URL('../../console/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/* What axe finds wrong: WCAG 2.2 AA as far as it can tell. */
export async function faults(page) {
	const session = await page.context().newCDPSession(page)
	await session.send('Runtime.evaluate', { expression: axe })
	const found = await page.evaluate(async () => {
		const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
		return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)
	})
	return found
}
