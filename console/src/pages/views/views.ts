import { list } from '@/api/client'
import { ref } from 'vue'
import { wordsOf } from '@/words'

/* Searches that have a name: one's own, and those that somebody shared with one's role. */
export interface View {
	id: string
	page: string
	name: string
	query: Record<string, string>
	role: string // who sees it too; '' = nobody
	by: string
	mine: boolean
}

/* The columns that are shown: those chosen, in the page's order; none chosen, all of them. */
export function shownOf<C extends { key: string }>(all: C[], chosen: string[]): C[] {
	const some = all.filter((column) => chosen.includes(column.key))
	return some.length > 0 ? some : all
}

export function useColumns(page: () => string) {
	const chosen = ref<string[]>([])
	const error = ref('')
	async function read() {
		try {
			const found = await list<{ id: string; columns: string[] }>('page_columns', { id: page() })
			chosen.value = found.rows[0]?.columns ?? []
		} catch (problem) {
			error.value = wordsOf(problem)
		}
	}
	void read()
	return { chosen, error }
}
