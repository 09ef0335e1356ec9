import { list } from '@/api/client'
import type { Collection, Query } from '@/api/types'
import type { Row } from '@/pages/list/shape'

const PAGE = 500

/* Every row of a collection that fits the filter, in the order of their ids: what is added or removed meanwhile moves no page. */
export async function allRows(collection: Collection, filter: Query = {}): Promise<Row[]> {
	const rows: Row[] = []
	for (;;) {
		const last = rows.at(-1)
		const page = await list<Row>(collection, { ...filter, sort: 'id', limit: PAGE, ...(last ? { 'id.from': Number(last.id) + 1 } : {}) })
		rows.push(...page.rows)
		if (page.rows.length < PAGE) return rows
	}
}

/* A file for the person. */
export function saveText(name: string, text: string) {
	const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
	const link = document.createElement('a')
	link.href = url
	link.download = name
	link.click()
	window.setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
