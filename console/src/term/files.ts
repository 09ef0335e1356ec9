/*
 * files - the files of a terminal's target.  Small requests go as frames of its connection; contents by HTTP, which streams.
 */
import { csrfToken, Problem, problemOf } from '@/api/client'
import { language } from '@/i18n'
import { OWN, type Entry, type Filed } from './frame'
import type { Link } from './link'

type Answer = (answer: Filed) => void

export class Files {
	private next = 1
	private readonly asked = new Map<number, Answer>()

	constructor(private readonly link: Link) {}

	/* Rejects with the words that the server gives. */
	ask(request: { op: string; [more: string]: unknown }): Promise<Filed> {
		const id = this.next
		this.next = this.next + 1 < OWN ? this.next + 1 : 1
		return new Promise((done, fail) => {
			this.asked.set(id, (answer) => (answer.ok ? done(answer) : fail(new Problem(409, 'files', answer.say ?? ''))))
			if (!this.link.file(id, request)) this.filed(id, { ok: false })
		})
	}

	filed(id: number, answer: Filed) {
		this.asked.get(id)?.(answer)
		this.asked.delete(id)
	}

	/* The connection is gone, and with it what was asked. */
	lost() {
		for (const id of [...this.asked.keys()]) this.filed(id, { ok: false })
	}

	async home(): Promise<string> {
		return (await this.ask({ op: 'realpath', path: '.' })).path ?? '/'
	}

	/* All of a folder, page by page, up to `most` entries. */
	async entries(path: string, most = 10_000): Promise<Entry[]> {
		const found: Entry[] = []
		let more: Filed['more']
		do {
			const answer = await this.ask(more === undefined ? { op: 'list', path } : { op: 'list', path, more })
			found.push(...(answer.entries ?? []))
			more = answer.more === false ? undefined : answer.more
		} while (more !== undefined && found.length < most)
		return found.filter((entry) => entry.name !== '.' && entry.name !== '..')
	}

	address(path: string, offset?: number): string {
		const from = offset === undefined ? '' : `&offset=${offset}`
		return `/api/v1/terminals/${this.link.id}/file?path=${encodeURIComponent(path)}${from}`
	}

	/* Sends what of the file is behind `offset`.  abort ends it; what has arrived stays. */
	put(path: string, file: Blob, offset: number, progress: (sent: number) => void, abort: AbortSignal): Promise<void> {
		return new Promise((done, fail) => {
			const request = new XMLHttpRequest()
			request.open('PUT', this.address(path, offset))
			request.setRequestHeader('X-CSRF-Token', csrfToken())
			request.setRequestHeader('Accept-Language', language())
			request.setRequestHeader('Content-Type', 'application/octet-stream')
			request.upload.onprogress = (event) => progress(offset + event.loaded)
			request.onload = () =>
				request.status < 300 ? done() : fail(problemOf(request.status, String(request.responseText)))
			request.onerror = () => fail(new Problem(0, 'away', ''))
			request.onabort = () => fail(new DOMException('', 'AbortError'))
			abort.addEventListener('abort', () => request.abort())
			request.send(file.slice(offset))
		})
	}
}

/* A path of the target: absolute, one slash between names. */
export function below(folder: string, name: string): string {
	return `${folder === '/' ? '' : folder}/${name}`
}

export function above(path: string): string {
	return path.slice(0, Math.max(path.lastIndexOf('/'), 1)) || '/'
}

/* 0o755 -> rwxr-xr-x */
export function modeText(mode: number): string {
	return [...'rwxrwxrwx'].map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-')).join('')
}
