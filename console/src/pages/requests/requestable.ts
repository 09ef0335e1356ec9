import { onScopeDispose, shallowRef } from 'vue'
import { list } from '@/api/client'
import { may } from '@/me'
import type { Requestable } from './request'

/* What I have not and may ask for, searched as somebody types.  Nobody who may not ask asks the server. */
export function useRequestable(limit: number) {
	const rows = shallowRef<Requestable[]>([])
	let running: AbortController | null = null
	let timer = 0

	async function read(q: string) {
		running?.abort()
		const mine = (running = new AbortController())
		try {
			const page = await list('requestable', { q, granted: false, limit, sort: 'name' }, mine.signal)
			if (running === mine) rows.value = page.rows
		} catch {
			if (running === mine) rows.value = [] // the list of what he has tells what is wrong
		}
	}

	function search(q: string) {
		clearTimeout(timer)
		if (may('request.ask')) timer = window.setTimeout(() => void read(q.trim()), q === '' ? 0 : 120)
	}

	onScopeDispose(() => {
		clearTimeout(timer)
		running?.abort()
	})
	return { rows, search }
}

export function askFor(row: { name: string; account: string }) {
	return { path: '/requests', query: { target: row.name, account: row.account } }
}
