// The engineer: from the login to a shell in two actions, and what a terminal can do.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { browser, facts, LANGUAGES, openShell, processOf, screenOf, shot, shows, signIn, texts, type, user } from './harness.mjs'

for (const language of LANGUAGES) {
	test(`search and Enter lead to a shell (${language})`, async (t) => {
		const page = await browser(t, { language })
		await signIn(page, user('engineer'))
		await openShell(page, facts.target)
		await type(page, "printf '%s \\351\\233\\201\\351\\227\\250\\n' $((6*7)); tput cols")
		const shown = await shows(page, /^42 雁门\n\d+$/m)
		const columns = Number(/^42 雁门\n(\d+)$/m.exec(shown)?.[1])
		assert.ok(columns > 100, `the target has the size of the window, not ${columns} columns`)
		const layer = page.getByTitle(texts[language].layer_about.L0, { exact: true }) // what is in force, and what that means
		assert.match(await layer.innerText(), new RegExp(texts[language].layer_name.L0))
		await shot(page, `shell-${language}`)
		await type(page, 'exit 3')
		await page.getByRole('alert').getByText(texts[language].terminal.ended).waitFor()
	})
}

/* What an input method does: it shows what it composes, then gives the text. */
async function compose(page, before, text, after) {
	const session = await page.context().newCDPSession(page)
	await page.locator('.panel:visible .xterm-helper-textarea').focus()
	await page.keyboard.type(before)
	await session.send('Input.imeSetComposition', { text: 'yanmen', selectionStart: 6, selectionEnd: 6 })
	await session.send('Input.insertText', { text })
	await shows(page, before + text)
	await page.keyboard.type(after)
	await page.keyboard.press('Enter')
}

test('Chinese is typed with an input method', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await compose(page, 'echo $((6*7)) ', '雁门', ' typed')
	await shows(page, /^42 雁门 typed$/m)
})

test('Ctrl+K and Enter lead to a shell as well', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await page.keyboard.press('Control+k')
	await page.getByRole('combobox').fill(facts.target)
	await page.getByRole('option', { name: new RegExp(`@${facts.target}`) }).first().waitFor()
	await page.keyboard.press('Enter')
	await page.waitForSelector('.xterm-helper-textarea')
	await shows(page, /[$#>] ?$/m)
})

test('a reload finds the session and its screen again', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await type(page, 'mine=still-$((40+2)); echo before-reload')
	await shows(page, /^before-reload$/m)
	await page.reload()
	await page.waitForSelector('.xterm-helper-textarea', { state: 'attached' })
	await shows(page, /^before-reload$/m)
	await type(page, 'echo $mine')
	await shows(page, /^still-42$/m)
})

test('a lost connection is told, and the session goes on after it', async (t) => {
	const page = await browser(t)
	await page.addInitScript(() => {
		globalThis.opened = []
		globalThis.WebSocket = class extends WebSocket {
			constructor(...words) {
				super(...words)
				globalThis.opened.push(this)
			}
		}
	})
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await type(page, 'mine=kept; echo before')
	await shows(page, /^before$/m)
	await page.evaluate(() => globalThis.opened.filter((socket) => socket.url.includes('/socket')).forEach((socket) => socket.close()))
	const lost = page.getByText(texts.en.terminal.lost)
	await lost.waitFor()
	await lost.waitFor({ state: 'hidden' })
	await type(page, 'echo $mine-$((1+1))')
	await shows(page, /^kept-2$/m)
})

test('a terminal outlives the server of the console', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await type(page, 'mine=still; echo before')
	await shows(page, /^before$/m)
	process.kill(processOf('yanmen-web'), 'SIGKILL')
	const lost = page.getByText(texts.en.terminal.lost)
	await lost.waitFor()
	await lost.waitFor({ state: 'hidden' })
	await type(page, 'echo $mine-there')
	await shows(page, /^still-there$/m)
})

test('rz and sz are led to the file panel', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await type(page, "printf 'rz\\r**\\030B00000000000000\\r\\212\\021'")
	await page.getByRole('alert').getByRole('button', { name: texts.en.files.open }).click()
	await page.getByRole('dialog', { name: new RegExp(texts.en.files.title) }).waitFor()
})

async function paste(page, text) {
	await page.locator('.panel:visible .xterm-helper-textarea').focus()
	await page.evaluate((words) => {
		const data = new DataTransfer()
		data.setData('text/plain', words)
		document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
	}, text)
}

test('one line is pasted at once; several are shown first, with what nobody sees', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await paste(page, 'echo one-$((1+0))')
	await page.keyboard.press('Enter')
	await shows(page, /^one-1$/m)
	await paste(page, 'echo two-$((1+1))\u001b[201~\necho three-$((1+2))\n')
	const dialog = page.getByRole('dialog', { name: texts.en.paste.title })
	await dialog.waitFor()
	assert.match(await dialog.locator('pre').textContent(), /␛\[201~/)
	await shot(page, 'paste')
	await dialog.getByRole('button', { name: texts.en.dialog.cancel }).click()
	assert.ok(!(await screenOf(page)).includes('three-'))
	await paste(page, 'echo two-$((1+1))\necho three-$((1+2))\n')
	await page.getByRole('dialog', { name: texts.en.paste.title }).getByRole('button', { name: texts.en.paste.take }).click()
	await page.keyboard.press('Enter')
	await shows(page, /^three-3$/m)
})

test('the keyboard leaves the terminal', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await page.keyboard.press('Control+Shift+Escape')
	assert.equal(await page.evaluate(() => document.activeElement.closest('.xterm') === null), true)
	await page.keyboard.press('Control+k')
	await page.getByRole('combobox').waitFor()
})

test('text is found in the terminal', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await type(page, 'for n in $(seq 200); do echo line-$n; done')
	await shows(page, /^line-200$/m)
	await page.keyboard.press('Control+Shift+F')
	await page.getByRole('search').getByRole('textbox').fill('line-7')
	await page.keyboard.press('Enter')
	await shows(page, /^line-7\d?$/m)
})

test('files go up and come down, and folders are made, renamed and deleted', async (t) => {
	const page = await browser(t)
	const own = facts.scratch
	const name = `up-${process.pid}.bin`
	const content = Buffer.alloc(3 << 20, 'yanmen\n')
	writeFileSync(join(own, name), content)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await page.getByRole('button', { name: texts.en.files.open, exact: true }).click()
	const drawer = page.getByRole('dialog', { name: new RegExp(texts.en.files.title) })
	await drawer.getByRole('button', { name: texts.en.files.mkdir }).click()
	const ask = page.getByRole('dialog', { name: texts.en.files.mkdir })
	await ask.getByRole('textbox').fill(`d${process.pid}`)
	await page.keyboard.press('Enter')
	await drawer.getByRole('button', { name: `📁 d${process.pid}` }).click()
	await drawer.getByText(texts.en.files.empty).waitFor()
	await drawer.locator('input[type=file]').first().setInputFiles(join(own, name))
	await drawer.getByText(texts.en.transfer_state.done).waitFor()
	const link = drawer.getByRole('link', { name })
	const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
	assert.ok(readFileSync(await download.path()).equals(content), 'what comes down is what went up')
	await shot(page, 'files')
	await drawer.locator('input[type=file]').first().setInputFiles(join(own, name))
	await drawer.getByRole('button', { name: texts.en.transfer.replace }).click()
	await page.waitForFunction((done) => [...document.querySelectorAll('.one [role=status]')].filter((e) => e.textContent.includes(done)).length === 2, texts.en.transfer_state.done)
	await drawer.getByRole('button', { name: `${texts.en.files.rename} ${name}` }).click()
	await page.getByRole('dialog', { name: texts.en.files.rename }).getByRole('textbox').fill('renamed.bin')
	await page.keyboard.press('Enter')
	await drawer.getByRole('link', { name: 'renamed.bin' }).waitFor()
	await drawer.getByRole('button', { name: `${texts.en.files.delete} renamed.bin` }).click()
	await page.getByRole('dialog', { name: texts.en.files.delete }).getByRole('button', { name: texts.en.files.delete }).click()
	await drawer.getByText(texts.en.files.empty).waitFor()
})

test('an upload is stopped and goes on where it was', async (t) => {
	const page = await browser(t)
	const name = `resumed-${process.pid}.bin`
	const content = Buffer.alloc(4 << 20, 'abcdefg')
	writeFileSync(join(facts.scratch, name), content)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await page.getByRole('button', { name: texts.en.files.open, exact: true }).click()
	const drawer = page.getByRole('dialog', { name: new RegExp(texts.en.files.title) })
	await drawer.locator('.el-table__row').first().waitFor()
	const session = await page.context().newCDPSession(page)
	await session.send('Network.enable')
	const speed = (upload) => session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: upload })
	await speed(512 << 10)
	await drawer.locator('input[type=file]').first().setInputFiles(join(facts.scratch, name))
	await page.waitForFunction(() => /[1-9].* MiB \//.test(document.querySelector('.one [role=status]')?.textContent ?? ''))
	await drawer.getByRole('button', { name: texts.en.transfer.stop }).click()
	await drawer.getByText(texts.en.transfer_state.stopped).waitFor()
	await speed(-1)
	await drawer.getByRole('button', { name: texts.en.transfer.resume, exact: true }).click()
	await drawer.getByText(texts.en.transfer_state.done).waitFor()
	const [download] = await Promise.all([page.waitForEvent('download'), drawer.getByRole('link', { name }).click()])
	assert.ok(readFileSync(await download.path()).equals(content), 'the parts make the whole')
})

test('what the target refuses is told in words', async (t) => {
	const page = await browser(t)
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await page.getByRole('button', { name: texts.en.files.open, exact: true }).click()
	const drawer = page.getByRole('dialog', { name: new RegExp(texts.en.files.title) })
	const path = drawer.getByRole('textbox', { name: texts.en.files.path })
	await page.waitForFunction((name) => document.querySelector(`input[aria-label="${name}"]`).value.startsWith('/'), texts.en.files.path)
	await path.fill('/there-is-no-such-folder')
	await page.keyboard.press('Enter')
	await drawer.getByRole('alert').waitFor()
	assert.match(await drawer.getByRole('alert').textContent(), /[a-z]{3}/i)
})
