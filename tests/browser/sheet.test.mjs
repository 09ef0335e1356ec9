// A table as a file and back: tried first, then done line by line; no formula comes out.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { browser, faults, LANGUAGES, shot, signIn, texts, user } from './harness.mjs'

const file = (text) => ({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.isBuffer(text) ? text : Buffer.from(text) })
const rested = (page) => page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))

async function saved(page, words) {
	const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: words.sheet.export }).click()])
	return readFileSync(await download.path(), 'utf8')
}

for (const language of LANGUAGES) {
	test(`users are imported, wrong lines told, and exported again (${language})`, async (t) => {
		const words = texts[language]
		const tag = `s${process.pid}${language === 'en' ? 'e' : 'z'}`
		const page = await browser(t, { language })
		await signIn(page, user('admin'), `/inventory/users?q=${tag}`)
		await page.getByRole('button', { name: words.sheet.import }).click()
		const drawer = page.getByRole('dialog')
		const input = drawer.locator('input[type=file]')
		const many = Array.from({ length: 120 }, (_, n) => `${tag}-${n},engineer,zh\r\n`).join('')

		await input.setInputFiles(file(Buffer.concat([Buffer.from('name,role\r\nx,'), Buffer.from([0xb9, 0xdc, 0x0a])])))
		await drawer.getByText(words.csv_fault.encoding).waitFor()
		await input.setInputFiles(file(`name,role,lang\r\n${many}${tag}-0,dba,\r\n${tag} x,dba,\r\n${tag}-king,king,\r\n,dba,\r\n`))
		await drawer.getByRole('button', { name: words.sheet.take.replace('{n}', '120') }).waitFor()
		const count = (state, n) => drawer.getByRole('button', { name: `${words.sheet_state[state]} ${n}`, exact: true })
		await count('new', 120).waitFor()
		await count('wrong', 4).click()
		assert.match(await drawer.locator('.el-table__body').innerText(), language === 'en' ? /no role king/ : /没有角色 king/)
		await rested(page)
		await shot(page, `sheet-tried-${language}`)
		assert.deepEqual(await faults(page), [])
		await drawer.getByRole('button', { name: words.sheet.take.replace('{n}', '120') }).click()
		await drawer.getByText(words.sheet.done.replace('{n}', '120')).waitFor()

		await input.setInputFiles(file(`\ufeffname,role\n${tag}-0,engineer\n${tag}-1,dba\n`)) // one the same, one changed
		await count('same', 1).waitFor()
		await drawer.getByRole('button', { name: words.sheet.take.replace('{n}', '1'), exact: true }).click()
		await drawer.getByText(words.sheet.done.replace('{n}', '1')).waitFor()
		await page.keyboard.press('Escape')
		await drawer.waitFor({ state: 'hidden' })
		const table = await saved(page, words)
		const lines = table.split('\r\n')
		assert.equal(lines[0], '\ufeffname,role,lang,state,password,created')
		assert.equal(lines.length, 122) // what the filter shows: these 120, and the end
		assert.ok(lines.some((line) => line.startsWith(`${tag}-1,dba,zh,active,off,`)))
	})
}

test('no cell of an export is a formula', async (t) => {
	const words = texts.en
	const page = await browser(t)
	const name = `=f${process.pid}`
	await signIn(page, user('admin'), `/inventory/groups?q=${encodeURIComponent(name)}`)
	await page.getByRole('button', { name: words.action.add, exact: true }).click()
	await page.getByRole('textbox', { name: words.field.name }).fill(name)
	await page.keyboard.press('Enter')
	await page.locator('.el-table__row', { hasText: name }).waitFor()
	const table = await saved(page, words)
	assert.ok(table.split('\r\n')[1].startsWith(`'${name},`))
	await page.getByRole('button', { name: words.sheet.import }).click()
	await page.getByRole('dialog').locator('input[type=file]').setInputFiles(file(table)) // and it is the same when it comes back
	await page.getByRole('dialog').getByRole('button', { name: `${words.sheet_state.same} 1`, exact: true }).waitFor()
})
