import { describe, expect, it } from 'vitest'
import { rightsOf } from './roles'

describe('rightsOf', () => {
	it('says how wide a right is, and leaves out what is none', () => {
		expect(rightsOf({ 'target.list': 'all', 'session.list': 'own', 'audit.search': '' })).toEqual(['target.list', 'session.list:own'])
	})
})
