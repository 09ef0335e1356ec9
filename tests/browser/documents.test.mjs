// Documents: an admin uploads and shares, somebody reads; what is hostile in them stays a text.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { browser, facts, LANGUAGES, shot, signIn, texts, user } from './harness.mjs'

const axe = readFileSync(new URL('../../console/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 44>>stream
BT /F 24 Tf 40 100 Td (Yanmen rules) Tj ET
endstream endobj
trailer<</Root 1 0 R>>
%%EOF
`
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const HOSTILE = `# 机房规定 Rules

| a | b |
|---|---|
| 1 | <b>2</b> |

<script>window.hit = 1</script><img src=x onerror="window.hit = 2">
[click](javascript:window.hit=3) [there](https://example.com/) ![pic](https://example.com/a.png)
- [x] done
`

async function faults(page) {
	const session = await page.context().newCDPSession(page)
	await session.send('Runtime.evaluate', { expression: axe })
	return page.evaluate(async () => {
		const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
		return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)
	})
}

async function rest(page) {
	await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running'))
}

/* Chromium's own viewer has loaded the PDF. */
async function viewer(page) {
	for (const end = Date.now() + 30_000; !page.frames().some((frame) => frame.url().startsWith('chrome-extension://')); ) {
		assert.ok(Date.now() < end, `no viewer: ${page.frames().map((frame) => frame.url())}`)
		await new Promise((done) => setTimeout(done, 100))
	}
}

async function upload(page, t, name, content, title = name) {
	await page.goto(facts.url + '/documents')
	await page.getByRole('button', { name: t.documents.upload, exact: true }).click()
	await page.locator('#document-file').setInputFiles({ name, mimeType: 'text/html', buffer: Buffer.from(content) })
	await page.locator('#document-name').fill(title)
	await page.locator('.el-drawer button[type=submit]').click()
	await page.locator('.el-drawer').waitFor({ state: 'hidden' })
	await page.getByRole('link', { name: title, exact: true }).click()
	await page.getByRole('heading', { name: title, exact: true }).waitFor()
}

for (const language of LANGUAGES) {
	test(`a document goes up, is shared and read (${language})`, async (t) => {
		const words = texts[language]
		const mark = `${language}-${Date.now()}` // of this run: the instance is everybody's
		const page = await browser(t, { language })
		const all = {}
		await signIn(page, user('admin'))
		await page.goto(facts.url + '/documents')
		await page.getByRole('button', { name: words.documents.upload, exact: true }).click()
		await page.locator('#document-file').setInputFiles({ name: 'large.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc((10 << 20) + 1) })
		await page.locator('.el-drawer [role=alert]').waitFor()
		assert.ok(await page.locator('.el-drawer button[type=submit]').isDisabled())
		await rest(page)
		await shot(page, `documents-large-${language}`)
		all.upload = await faults(page)

		await upload(page, words, 'rules.md', HOSTILE, `rules ${mark}.md`)
		await page.locator('.markdown h2').waitFor()
		assert.equal(await page.locator('.watermark').count(), 1)
		assert.equal(await page.locator('.markdown td').nth(1).textContent(), '<b>2</b>')
		assert.equal(await page.locator('.markdown img, .markdown script').count(), 0)
		assert.deepEqual(await page.locator('.markdown a').evaluateAll((links) => links.map((a) => a.getAttribute('href'))), [null, 'https://example.com/', 'https://example.com/a.png'])
		assert.equal(await page.evaluate(() => window.hit), undefined)
		await shot(page, `documents-markdown-${language}`)
		all.document = await faults(page)

		await page.getByRole('button', { name: words.documents.share, exact: true }).click()
		await page.locator('#share-user').fill(user('watched').name)
		await page.getByRole('option', { name: user('watched').name, exact: true }).click()
		await rest(page)
		all.share = await faults(page)
		await page.locator('.el-drawer:visible button[type=submit]').click()
		await page.locator('.el-drawer').first().waitFor({ state: 'hidden' })

		const reader = await browser(t, { language })
		await signIn(reader, user('watched'), '/documents')
		await reader.goto(facts.url + '/documents')
		await reader.getByPlaceholder(words.documents.search).fill('机房规定')
		await reader.getByRole('link', { name: `rules ${mark}.md`, exact: true }).click()
		await reader.locator('.markdown h2').waitFor()
		assert.equal(await reader.getByRole('button', { name: words.documents.share, exact: true }).count(), 0)
		const coming = reader.waitForEvent('download')
		await reader.getByRole('link', { name: words.documents.download, exact: true }).click()
		assert.equal(readFileSync(await (await coming).path(), 'utf8'), HOSTILE)
		await shot(reader, `documents-reader-${language}`)
		all.reader = await faults(reader)

		await upload(page, words, 'page.html', '<script>window.hit = 4</script>', `page ${mark}.html`)
		await page.getByText(words.documents.not_shown).waitFor()
		await upload(page, words, 'dot.html', PNG, `dot ${mark}`)
		await page.waitForFunction(() => document.querySelector('article img, .card img')?.naturalWidth === 1)
		await page.goto(facts.url + '/files/documents')
		await page.locator('.el-table__row').first().waitFor()
		await shot(page, `documents-ledger-${language}`)
		all.ledger = await faults(page)
		await page.goto(facts.url + '/documents')
		await page.locator('.el-table__row').first().waitFor()
		await shot(page, `documents-list-${language}`)
		all.list = await faults(page)
		assert.deepEqual(Object.fromEntries(Object.entries(all).filter(([, found]) => found.length > 0)), {})
	})
}

test('a PDF is shown by the browser, versions are restored, and a second editor is told', async (t) => {
	const words = texts.en
	const mark = Date.now()
	const page = await browser(t)
	await signIn(page, user('admin'))
	await upload(page, words, 'rules.pdf', PDF, `rules ${mark}.pdf`)
	await page.locator('iframe.pdf').waitFor()
	await viewer(page)
	await shot(page, 'documents-pdf')

	await page.getByRole('button', { name: words.documents.change, exact: true }).click()
	await page.locator('#field-about').fill('mine')
	const id = page.url().split('/').pop()
	await page.evaluate(async ([address, document]) => {
		const me = await (await fetch('/api/v1/me')).json()
		const answer = await fetch(`${address}?of=${document}&note=second`, { method: 'PUT', headers: { 'X-CSRF-Token': me.csrf }, body: 'plain words' })
		if (!answer.ok) throw new Error(await answer.text())
	}, ['/api/v1/documents', id])
	await page.getByText('plain words').waitFor() // the page was told and looked again, the form stands
	await page.locator('.el-drawer:visible button[type=submit]').click()
	await page.locator('.el-drawer:visible [role=alert]').waitFor()
	assert.match(await page.locator('.el-drawer:visible [role=alert]').textContent(), /meanwhile/)
	await page.keyboard.press('Escape')
	await page.getByRole('button', { name: `${words.documents.restore} 1` }).click()
	await page.locator('.el-drawer:visible button[type=submit]').click()
	await viewer(page)
	await rest(page)
	await shot(page, 'documents-versions')
})
