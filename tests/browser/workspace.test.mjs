// Several terminals in one tab: split, typed into together, found again after a reload; files dropped on them.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { browser, facts, faults, openShell, shot, signIn, texts, user } from './harness.mjs'

const paneOf = (page, n) => page.locator('.panel:visible .pane').nth(n)
const typing = (page, n) => paneOf(page, n).locator('.xterm-helper-textarea')
const switchOf = (page, words, n) => page.getByRole('switch', { name: words.workspace.together.replace('{n}', n) })

async function screen(page, n) {
	const rows = await paneOf(page, n).locator('.xterm-rows > div').allTextContents()
	return rows.map((row) => row.replace(/\u00a0/g, ' ').trimEnd()).join('\n')
}

/* What a pane shows, once it shows that. */
async function showsIn(page, n, wanted) {
	const end = Date.now() + 30_000
	for (;;) {
		const now = await screen(page, n).catch(() => '')
		if (wanted.test(now)) return now
		assert.ok(Date.now() < end, `pane ${n} never showed ${wanted}:\n${now}`)
		await new Promise((done) => setTimeout(done, 100))
	}
}

async function typeIn(page, n, line) {
	await typing(page, n).focus()
	await page.keyboard.type(line)
	await page.keyboard.press('Enter')
}

/* By the keyboard: half of the pane's place for the same target again. */
async function split(page, keys, panes) {
	await page.keyboard.press(keys)
	await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'combobox')
	await page.getByRole('option').first().waitFor()
	await page.keyboard.press('Enter')
	await paneOf(page, panes - 1).waitFor()
	await showsIn(page, panes - 1, /[$#>] ?$/m)
	await page.waitForFunction((n) => document.querySelectorAll('.panel .pane')[n].contains(document.activeElement), panes - 1)
}

const boxes = (page, panes) => Promise.all([...Array(panes).keys()].map((n) => paneOf(page, n).boundingBox()))

test('panes are split, moved between, given more room, and all are there after a reload (zh-CN)', async (t) => {
	const page = await browser(t, { language: 'zh-CN' })
	const words = texts['zh-CN'].workspace
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await typeIn(page, 0, 'mine=first')
	await split(page, 'Control+Shift+D', 2)
	await typeIn(page, 1, 'mine=second')
	await split(page, 'Control+Shift+E', 3)
	await typeIn(page, 2, 'mine=third')
	const [a, b, c] = await boxes(page, 3)
	assert.ok(b.x > a.x && c.x === b.x && c.y > b.y && a.height > b.height, 'one at the left, two at the right')

	// The keyboard moves between them.
	await page.keyboard.press('Control+Shift+ArrowLeft')
	await page.keyboard.type('echo at-$mine')
	await page.keyboard.press('Enter')
	await showsIn(page, 0, /^at-first$/m)
	await page.keyboard.press('Control+Shift+ArrowRight')

	// The dividers: by the keyboard, then with the pointer.
	const dividers = page.getByRole('separator', { name: words.divider })
	await dividers.nth(1).focus()
	await page.keyboard.press('ArrowUp')
	assert.equal(await dividers.nth(1).getAttribute('aria-valuenow'), '48')
	const line = await dividers.nth(0).boundingBox()
	await page.mouse.move(line.x + 4, line.y + 200)
	await page.mouse.down()
	await page.mouse.move(line.x - 200, line.y + 200, { steps: 4 })
	await page.mouse.up()
	const narrow = await paneOf(page, 0).boundingBox()
	assert.ok(Math.abs(a.width - narrow.width - 204) < 12, `${a.width} → ${narrow.width}`)
	await typeIn(page, 0, 'echo $(tput cols) columns')
	const columns = Number(/^(\d+) columns$/m.exec(await showsIn(page, 0, /^\d+ columns$/m))[1])
	assert.ok(columns > 10 && columns < 45, `the target has the size of the pane, not ${columns} columns`)

	await page.getByRole('button', { name: words.rename }).click()
	await page.keyboard.type('升级')
	await page.keyboard.press('Enter')
	await page.getByRole('button', { name: '升级', exact: true }).waitFor()
	assert.deepEqual(await faults(page), [])
	await shot(page, 'panes-zh')

	const before = await boxes(page, 3)
	await page.reload()
	await paneOf(page, 2).waitFor()
	assert.deepEqual(await boxes(page, 3), before)
	await page.getByRole('button', { name: '升级', exact: true }).waitFor()
	for (const [n, mine] of ['first', 'second', 'third'].entries()) {
		await showsIn(page, n, /[$#>] ?$/m)
		await typeIn(page, n, 'echo again-$mine')
		await showsIn(page, n, new RegExp(`^again-${mine}$`, 'm'))
	}

	// One that ends is opened again where it was; one that is closed leaves its place to the others.
	await typeIn(page, 1, 'exit 0')
	await paneOf(page, 1).getByRole('button', { name: texts['zh-CN'].terminal.again }).click()
	await showsIn(page, 1, /[$#>] ?$/m)
	assert.deepEqual(await boxes(page, 3), before)
	await typeIn(page, 1, 'exit 0')
	await paneOf(page, 1).getByRole('alert').getByRole('button', { name: texts['zh-CN'].terminal.close }).click()
	await page.waitForFunction(() => document.querySelectorAll('.panel .pane').length === 2)
	assert.ok((await paneOf(page, 1).boundingBox()).height > before[1].height)

	// The tab asks once for all of them.
	await page.getByRole('button', { name: `${texts['zh-CN'].terminal.close} 升级` }).click()
	await page.getByRole('dialog', { name: words.end_title }).getByRole('button', { name: texts['zh-CN'].terminal.end }).click()
	await page.getByText(texts['zh-CN'].terminal.none).waitFor()
})

async function paste(page, n, text) {
	await typing(page, n).focus()
	await page.evaluate((said) => {
		const data = new DataTransfer()
		data.setData('text/plain', said)
		document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
	}, text)
}

test('what is typed and pasted goes to all panes only while the switch says so, and no answer of a terminal does (en)', async (t) => {
	const page = await browser(t)
	const words = texts.en
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	await split(page, 'Control+Shift+D', 2)
	await typeIn(page, 1, 'echo alone-$((1+0))')
	await showsIn(page, 1, /^alone-1$/m)
	await page.locator('.tools .el-switch').click()
	await page.getByRole('status').getByText(words.workspace.together_on.split('{')[0]).waitFor()
	await typeIn(page, 0, 'echo all-$((1+1))')
	for (const n of [0, 1]) await showsIn(page, n, /^all-2$/m)
	assert.ok(!(await screen(page, 0)).includes('alone-'))

	// Where the cursor is, told to the target that asks: the other one gets what is typed and no more.
	await page.locator('.tools .el-switch').click()
	await typeIn(page, 1, "read -rs -d Q all; printf 'heard %q\\n' \"$all\"")
	await typeIn(page, 0, "read -r line; printf '\\033[6n'; read -rs -d R answer; printf 'got %q\\n' \"$answer\"")
	await page.locator('.tools .el-switch').click()
	await typeIn(page, 0, 'go')
	await showsIn(page, 0, /^got .*\[\d+;\d+/m)
	await page.keyboard.type('Q')
	assert.match(await showsIn(page, 1, /^heard .*$/m), /^heard go$/m)
	await page.keyboard.press('Control+c')
	await shot(page, 'together-en')
	assert.deepEqual(await faults(page), [])

	// Several lines are shown once and go to both.
	await paste(page, 1, 'echo two-$((1+1))\necho three-$((1+2))\n')
	await page.getByRole('dialog', { name: words.paste.title }).getByRole('button', { name: words.paste.take }).click()
	await page.keyboard.press('Enter')
	for (const n of [0, 1]) await showsIn(page, n, /^three-3$/m)
	await page.locator('.tools .el-switch').click()
	await typeIn(page, 1, 'echo last-$((2+2))')
	await showsIn(page, 1, /^last-4$/m)
	assert.ok(!(await screen(page, 0)).includes('last-'))

	// Tabs: another of the same, moved by the keyboard and with the pointer.
	await page.getByRole('button', { name: words.workspace.duplicate }).click()
	await showsIn(page, 0, /[$#>] ?$/m)
	const names = () => page.locator('.tabs li button:first-child').allTextContents()
	const before = await names()
	assert.equal(before.length, 2)
	await page.locator('.tabs li button:first-child').nth(1).focus()
	await page.keyboard.press('Shift+ArrowLeft')
	assert.deepEqual(await names(), [...before].reverse())
	await page.locator('.tabs li').nth(0).dragTo(page.locator('.tabs li').nth(1))
	assert.deepEqual(await names(), before)
	await page.reload()
	await page.locator('.tabs li').nth(1).waitFor()
	assert.deepEqual(await names(), before)
	assert.equal(await switchOf(page, words, 2).count(), 0, 'the other tab is shown again')
	await page.keyboard.press('Alt+1')
	await switchOf(page, words, 2).waitFor({ state: 'attached' })
	assert.equal(await switchOf(page, words, 2).isChecked(), false, 'after a reload it is off')
})

test('files and folders dropped on a terminal are uploaded', async (t) => {
	const page = await browser(t)
	const name = `dropped-${process.pid}`
	mkdirSync(join(facts.scratch, name))
	writeFileSync(join(facts.scratch, name, 'inside.txt'), '里面\n')
	writeFileSync(join(facts.scratch, `${name}.txt`), 'outside\n')
	await signIn(page, user('engineer'))
	await openShell(page, facts.target)
	const session = await page.context().newCDPSession(page)
	const over = async (locator) => {
		const box = await locator.boundingBox()
		return { x: box.x + box.width / 2, y: box.y + 60 }
	}
	const drop = async (locator, files) => {
		const data = { items: [], files, dragOperationsMask: 1 }
		const at = await over(locator)
		for (const type of ['dragEnter', 'dragOver']) await session.send('Input.dispatchDragEvent', { type, ...at, data })
		await shot(page, 'drop')
		await session.send('Input.dispatchDragEvent', { type: 'drop', ...at, data })
	}
	await drop(paneOf(page, 0).locator('.middle'), [join(facts.scratch, `${name}.txt`)])
	const drawer = page.getByRole('dialog', { name: new RegExp(texts.en.files.title) })
	await drawer.getByText(texts.en.transfer_state.done).first().waitFor()
	await drawer.getByRole('link', { name: `${name}.txt` }).waitFor()
	await drop(drawer.locator('.inside'), [join(facts.scratch, name)])
	await drawer.getByRole('button', { name: `📁 ${name}` }).click()
	const [download] = await Promise.all([page.waitForEvent('download'), drawer.getByRole('link', { name: 'inside.txt' }).click()])
	assert.equal(readFileSync(await download.path(), 'utf8'), '里面\n')

	// Beside a terminal: the browser does not go to the file.
	await drawer.getByRole('button', { name: 'Close' }).click()
	await drawer.waitFor({ state: 'hidden' })
	await drop(page.locator('.tabs'), [join(facts.scratch, `${name}.txt`)])
	assert.ok(page.url().endsWith('/terminals'))
	await typeIn(page, 0, 'echo still-$((40+2))')
	await showsIn(page, 0, /^still-42$/m)
})
