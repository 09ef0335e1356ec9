// Writes docs/console-licences.md: what `npm ci` brings into the built console, from the lock file.
import { readFileSync, writeFileSync } from 'node:fs'

const here = new URL('../', import.meta.url)
const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', here), 'utf8'))
const rows = Object.entries(packages)
	.filter(([path, p]) => path && !p.dev && !p.optional)
	.map(([path, p]) => `| ${path.replace(/^.*node_modules\//, '')} | ${p.version} | ${p.license ?? 'unknown'} |`)
	.sort()
const text = `# What the console brings with it

Made by \`npm run licences\` in \`console/\` from the lock file: the packages that the built console may contain. Tools that only build or
test it are not listed.

| package | version | licence |
| --- | --- | --- |
${rows.join('\n')}
`
const target = new URL('../docs/console-licences.md', here)
if (process.argv.includes('--check')) process.exit(readFileSync(target, 'utf8') === text ? 0 : 1)
writeFileSync(target, text)
