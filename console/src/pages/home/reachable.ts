import { onScopeDispose, ref, shallowRef } from 'vue'
import { list } from '@/api/client'
import type { Reachable } from '@/api/types'
import { wordsOf } from '@/words'

/* What I may open, searched as somebody types: the newest search wins. */
export function useReachable(limit: number) {
	const rows = shallowRef<Reachable[]>([])
	const total = ref(0)
	const error = ref('')
	const loading = ref(false)
	let running: AbortController | null = null
	let timer = 0

	async function read(q: string, offset: number) {
		running?.abort()
		const mine = (running = new AbortController())
		loading.value = true
		try {
			const page = await list('reachable', { q, limit, offset, sort: '-recent' }, mine.signal)
			rows.value = page.rows
			total.value = page.total
			error.value = ''
		} catch (problem) {
			if (!mine.signal.aborted) error.value = wordsOf(problem)
		} finally {
			if (running === mine) loading.value = false
		}
	}

	function search(q: string, offset = 0) {
		clearTimeout(timer)
		timer = window.setTimeout(() => void read(q.trim(), offset), q === '' ? 0 : 120)
	}

	onScopeDispose(() => {
		clearTimeout(timer)
		running?.abort()
	})
	return { rows, total, error, loading, search }
}
