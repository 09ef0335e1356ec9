import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const KINDS = /\.(js|css|svg|json)$/ // index.html differs in every response

/* Lays a .br and a .gz beside every file of at least `least` bytes, so that the server never compresses. */
export function packedBeside(least: number): Plugin {
	let folder = ''
	return {
		name: 'packed-beside',
		apply: 'build',
		configResolved(config) {
			folder = config.build.outDir
		},
		async closeBundle() {
			for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
				if (!entry.isFile() || !KINDS.test(entry.name)) continue
				const path = join(entry.parentPath ?? entry.path, entry.name)
				const bytes = await readFile(path)
				if (bytes.length < least) continue
				await writeFile(path + '.br', await promisify(brotliCompress)(bytes))
				await writeFile(path + '.gz', await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }))
			}
		},
	}
}
