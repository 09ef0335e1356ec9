import { expect, test } from 'vitest'
import { changesOf, type Change } from './history'

const change = (before: Change['before'], after: Change['after']): Change => ({ id: 1, at: '', actor: 'user:boss', event: 'target.changed', before, after })

test('a change is told from what to what', () => {
	expect(changesOf(change({ charset: 'utf-8' }, { charset: 'gbk' }))).toEqual([{ key: 'charset', from: 'utf-8', to: 'gbk' }])
})

test('what was added had nothing before, and what is empty is left out', () => {
	expect(changesOf(change({}, { role: 'dba', lang: '', networks: [] }))).toEqual([{ key: 'role', from: undefined, to: 'dba' }])
})

test('what was emptied is told', () => {
	expect(changesOf(change({ value: 'x' }, { value: '' }))).toEqual([{ key: 'value', from: 'x', to: '' }])
	expect(changesOf(change({ target: 'web01' }, null))).toEqual([{ key: 'target', from: 'web01', to: undefined }])
	expect(changesOf(change(null, null))).toEqual([])
})
