/*
 * documents - what the documents' pages share: rows, what can be done to one, and an upload.
 */
import { csrfToken, Problem, problemOf, queryText } from '@/api/client'
import type { Query } from '@/api/types'
import { language } from '@/i18n'
import type { Action, AnyAction, Row } from '@/pages/list/shape'

export interface Document extends Row {
	id: number
	name: string
	about: string
	type: string
	charset: string
	size: number
	sha256: string
	version: number
	edition: number
	changed: string
	changed_by: string
	users: string[]
	roles: string[]
	groups: string[]
}
export interface Version {
	version: number
	current: boolean
	removed: boolean
	type: string
	charset: string
	size: number
	sha256: string
	note: string
	uploaded: string
	uploaded_by: string
}
export interface Limits {
	most: number
	used: number
	total: number
}

/* How the browser may show it; null: it is for saving only. */
export function shownAs(type: string): 'text' | 'markdown' | 'pdf' | 'image' | null {
	if (type === 'text/plain') return 'text'
	if (type === 'text/markdown') return 'markdown'
	if (type === 'application/pdf') return 'pdf'
	return type.startsWith('image/') ? 'image' : null
}

export function addressOf(id: number | string, version?: number, view = false): string {
	const query = queryText({ version, view: view ? 1 : undefined })
	return `/api/v1/documents/${id}/content${query ? `?${query}` : ''}`
}

const which = (row: Row) => ({ name: row.name, edition: row.edition })

export const CHANGE: Action<'documents'> = {
	command: 'document set',
	label: 'documents.change',
	permission: 'document.manage',
	args: which,
	fields: [
		{ key: 'rename', label: 'field.name', kind: 'text', required: true, value: (row) => row.name },
		{ key: 'about', label: 'field.about', kind: 'text', value: (row) => row.about },
	],
}
export const REMOVE: Action<'documents'> = { command: 'document remove', label: 'action.remove', permission: 'document.manage', args: which, danger: true }
export const RESTORE: AnyAction = {
	command: 'document restore',
	label: 'documents.restore',
	permission: 'document.manage',
	args: (row) => ({ ...which(row), version: row.number }),
}

/* Sends a file; abort ends it, and nothing is left of it. */
export function upload(query: Query, file: Blob, progress: (sent: number) => void, abort: AbortSignal): Promise<void> {
	return new Promise((done, fail) => {
		const request = new XMLHttpRequest()
		request.open('PUT', `/api/v1/documents?${queryText(query)}`)
		request.setRequestHeader('X-CSRF-Token', csrfToken())
		request.setRequestHeader('Accept-Language', language())
		request.setRequestHeader('Content-Type', 'application/octet-stream')
		request.upload.onprogress = (event) => progress(event.loaded)
		request.onload = () => (request.status < 300 ? done() : fail(problemOf(request.status, String(request.responseText))))
		request.onerror = () => fail(new Problem(0, 'away', ''))
		request.onabort = () => fail(new DOMException('', 'AbortError'))
		abort.addEventListener('abort', () => request.abort())
		request.send(file)
	})
}
