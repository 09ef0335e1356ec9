import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { list } from '@/api/client'
import { whenChanged } from '@/api/events'
import type { Collection, Query, RowOf } from '@/api/types'
import { wordsOf } from '@/words'

/* A page of a collection: read when the query changes, and when the server says that something did. */
export function useRows<Row = never, C extends Collection = Collection>(collection: () => C, query: () => Query, watched: string[]) {
	const rows = shallowRef<RowOf<Row, C>[]>([])
	const total = ref(0)
	const loading = ref(false)
	const error = ref('')
	let running: AbortController | null = null

	async function read() {
		running?.abort()
		const mine = (running = new AbortController())
		loading.value = true
		try {
			const page = await list<Row, C>(collection(), query(), mine.signal)
			rows.value = page.rows
			total.value = page.total
			error.value = ''
		} catch (problem) {
			if (!mine.signal.aborted) error.value = wordsOf(problem)
		} finally {
			if (running === mine) loading.value = false
		}
	}

	watch([collection, query], () => void read(), { immediate: true, deep: true })
	whenChanged(watched, () => void read())
	onScopeDispose(() => running?.abort())
	return { rows, total, loading, error, read }
}
