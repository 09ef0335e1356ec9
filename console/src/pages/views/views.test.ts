import { describe, expect, it } from 'vitest'
import { shownOf } from './views'

describe('shownOf', () => {
	const all = [{ key: 'name' }, { key: 'host' }, { key: 'created' }]

	it('shows what was chosen, in the order of the page', () => {
		expect(shownOf(all, ['created', 'name'])).toEqual([{ key: 'name' }, { key: 'created' }])
	})
	it('shows all where nothing was chosen, or nothing that there is', () => {
		expect(shownOf(all, [])).toEqual(all)
		expect(shownOf(all, ['gone'])).toEqual(all)
	})
})
