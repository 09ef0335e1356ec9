import { describe, expect, it } from 'vitest'
import { command, list } from '@/api/client'
import type { Action, AnyShape, ShapeOf } from './shape'
import { shapes } from './shapes'

/* vue-tsc reads this, and complains where a line that must not be one is a Shape after all. */
const columns: ShapeOf<'users'>['columns'] = [
	{ key: 'name', label: 'field.name' },
	// @ts-expect-error: users have no such column
	{ key: 'nmae', label: 'field.name' },
]
const actions: Action<'users'>[] = [
	{ command: 'user rename', label: '', permission: '', args: (row) => ({ name: row.name }), fields: [{ key: 'to', label: '', kind: 'text' }] },
	// @ts-expect-error: nor is there such a command
	{ command: 'user renmae', label: '', permission: '' },
	// @ts-expect-error: nor does it take such an argument
	{ command: 'user rename', label: '', permission: '', fields: [{ key: 'tto', label: '', kind: 'text' }] },
	// @ts-expect-error: nor has a row of it such a column
	{ command: 'user rename', label: '', permission: '', when: (row) => row.statte === 'active' },
]
export const calls = {
	// @ts-expect-error: no collection is called so
	wrong: () => list('userss'),
	// @ts-expect-error: it needs a name
	less: () => command('group add', {}),
	// @ts-expect-error: it knows no such argument
	more: () => command('group add', { name: 'x', colour: 'red' }),
}

describe('the pages of the inventory', () => {
	it('have columns of their own collection, each once', () => {
		expect(columns.length + actions.length).toBe(6)
		for (const shape of Object.values(shapes) as AnyShape[]) {
			const keys = shape.columns.map((column) => String(column.key))
			expect(new Set(keys).size, shape.title).toBe(keys.length)
		}
	})
})
