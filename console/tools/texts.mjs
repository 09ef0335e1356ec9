// The language files have the same keys, the same {places}, and no text that nobody asks for.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = new URL('../src/', import.meta.url).pathname

function flat(value, path, into) {
	for (const [key, below] of Object.entries(value)) {
		const name = path ? `${path}.${key}` : key
		if (typeof below === 'string') into.set(name, below)
		else flat(below, name, into)
	}
	return into
}

function texts(language) {
	return flat(JSON.parse(readFileSync(join(folder, `i18n/${language}.json`), 'utf8')), '', new Map())
}

function* sources(where) {
	for (const entry of readdirSync(where, { withFileTypes: true })) {
		const path = join(where, entry.name)
		if (entry.isDirectory()) yield* sources(path)
		else if (/\.(ts|vue)$/.test(entry.name)) yield readFileSync(path, 'utf8')
	}
}

const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join()
const found = []
const zh = texts('zh-CN')
const en = texts('en')
const code = [...sources(folder)].join('\n')

for (const [key, text] of en) {
	if (!zh.has(key)) found.push(`zh-CN.json lacks ${key}`)
	else if (places(text) !== places(zh.get(key))) found.push(`${key}: other {places} in zh-CN.json`)
	if (!text.trim()) found.push(`${key} is empty`)
}
for (const [key, text] of zh) {
	if (!en.has(key)) found.push(`en.json lacks ${key}`)
	if (!text.trim()) found.push(`${key} is empty in zh-CN.json`)
}
// A key is named whole in the source, or its folder is, as in t(`state.${row.state}`).
for (const key of en.keys()) {
	const above = key.slice(0, key.lastIndexOf('.'))
	if (!code.includes(`'${key}'`) && !code.includes(`${above}.$`) && !code.includes(`words: '${above}'`)) found.push(`${key} is used nowhere`)
}
for (const match of code.matchAll(/(?:\bt\(|(?:label|about|title|text|search): )'(\w+\.[\w.-]+)'/g)) {
	if (!en.has(match[1])) found.push(`no text ${match[1]}`)
}
for (const line of found) console.error(line)
process.exit(found.length ? 1 : 0)
