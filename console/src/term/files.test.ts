import { describe, expect, it } from 'vitest'
import { above, below, Files, modeText } from './files'
import type { Entry, Filed } from './frame'
import type { Link } from './link'

function talk(answers: (request: Record<string, unknown>) => Filed[]) {
	const asked: Record<string, unknown>[] = []
	const files: Files = new Files({
		id: 't1',
		file(id: number, request: Record<string, unknown>) {
			asked.push(request)
			for (const answer of answers(request)) queueMicrotask(() => files.filed(id, answer))
			return true
		},
	} as unknown as Link)
	return { files, asked }
}
const entry = (name: string): Entry => ({ name, kind: 'file', size: 1, mtime: 0, mode: 0o644 })

describe('files of a target', () => {
	it('reads a folder whose answer comes in pieces', async () => {
		const { files, asked } = talk(() => [
			{ ok: true, more: true, entries: [entry('a'), entry('b')] },
			{ ok: true, more: true, entries: [entry('c')] },
			{ ok: true, more: false, entries: [] },
		])
		expect((await files.entries('/tmp')).map((e) => e.name)).toEqual(['a', 'b', 'c'])
		expect(asked).toEqual([{ op: 'list', path: '/tmp' }])
	})
	it('holds a bounded part of an endless folder', async () => {
		const many = Array.from({ length: 900 }, (_, n) => entry(`f${n}`))
		const { files } = talk(() => [...Array.from({ length: 50 }, () => ({ ok: true, more: true, entries: many })), { ok: true, more: false }])
		expect((await files.entries('/tmp', 1000)).length).toBe(1800)
	})
	it('tells the size of a file, and that there is none', async () => {
		expect(await talk(() => [{ ok: true, entries: [{ ...entry('a'), size: 42 }] }]).files.sizeOf('/a')).toBe(42)
		expect(await talk(() => [{ ok: false, say: 'absent' }]).files.sizeOf('/a')).toBeNull()
	})
	it('fails with the words of the server', async () => {
		const { files } = talk(() => [{ ok: false, say: 'permission denied' }])
		await expect(files.ask({ op: 'mkdir', path: '/x' })).rejects.toThrow('permission denied')
	})
	it('fails what was asked when the connection is lost', async () => {
		const { files } = talk(() => [])
		const pending = files.ask({ op: 'stat', path: '/x' })
		files.lost()
		await expect(pending).rejects.toThrow()
	})
	it('names contents by address, whatever is in the path', () => {
		const { files } = talk(() => [])
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
