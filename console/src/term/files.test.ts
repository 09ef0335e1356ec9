import { describe, expect, it } from 'vitest'
import { above, below, Files, modeText } from './files'
import type { Filed } from './frame'
import type { Link } from './link'

function talk(answers: (request: Record<string, unknown>) => Filed | null) {
	const asked: Record<string, unknown>[] = []
	const files: Files = new Files({
		id: 't1',
		file(id: number, request: Record<string, unknown>) {
			asked.push(request)
			const answer = answers(request)
			if (answer) queueMicrotask(() => files.filed(id, answer))
			return true
		},
	} as unknown as Link)
	return { files, asked }
}
const entry = (name: string) => ({ name, kind: 'file', size: 1, mtime: 0, mode: 0o644 })

describe('files of a target', () => {
	it('reads a folder page by page', async () => {
		const { files, asked } = talk(({ more }) =>
			more ? { ok: true, entries: [entry('c')] } : { ok: true, entries: [entry('.'), entry('..'), entry('b')], more: 7 },
		)
		expect((await files.entries('/tmp')).map((e) => e.name)).toEqual(['b', 'c'])
		expect(asked).toEqual([
			{ op: 'list', path: '/tmp' },
			{ op: 'list', path: '/tmp', more: 7 },
		])
	})
	it('fails with the words of the server', async () => {
		const { files } = talk(() => ({ ok: false, say: 'permission denied' }))
		await expect(files.ask({ op: 'mkdir', path: '/x' })).rejects.toThrow('permission denied')
	})
	it('fails what was asked when the connection is lost', async () => {
		const { files } = talk(() => null)
		const pending = files.ask({ op: 'stat', path: '/x' })
		files.lost()
		await expect(pending).rejects.toThrow()
	})
	it('names contents by address, whatever is in the path', () => {
		const { files } = talk(() => null)
		expect(files.address('/a b/ü&c', 5)).toBe('/api/v1/terminals/t1/file?path=%2Fa%20b%2F%C3%BC%26c&offset=5')
	})
})

describe('paths and modes', () => {
	it('joins and cuts paths', () => {
		expect([below('/', 'a'), below('/a', 'b')]).toEqual(['/a', '/a/b'])
		expect([above('/a/b'), above('/a'), above('/')]).toEqual(['/a', '/', '/'])
	})
	it('writes modes as ls does', () => {
		expect([modeText(0o755), modeText(0o100640), modeText(0)]).toEqual(['rwxr-xr-x', 'rw-r-----', '---------'])
	})
})
