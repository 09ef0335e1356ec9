// Takes the registry's addresses out of the lock file: whoever installs has his own.  After `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'

const path = new URL('../package-lock.json', import.meta.url)
const text = readFileSync(path, 'utf8')
const lock = JSON.parse(text)
for (const entry of Object.values(lock.packages)) delete entry.resolved
const clean = JSON.stringify(lock, null, 2) + '\n'
if (process.argv.includes('--check')) process.exit(clean === text ? 0 : 1)
writeFileSync(path, clean)
