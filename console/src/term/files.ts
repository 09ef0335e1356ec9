/*
 * files - the files of a terminal's target.  Small requests go as frames of its connection; contents by HTTP, which streams.
 */
import { csrfToken, Problem, problemOf } from '@/api/client'
import { language } from '@/i18n'
import { OWN, type Entry, type Filed } from './frame'
import type { Link } from './link'

interface Asked {
	part: (answer: Filed) => void
	fail: (say: string) => void
	done: (answer: Filed) => void
}

export class Files {
	private next = 1
	private readonly asked = new Map<number, Asked>()

	constructor(private readonly link: Link) {}

	/* part: of an answer that comes in pieces, all but the last.  Rejects with the words that the server gives. */
	ask(request: { op: string; [more: string]: unknown }, part: (answer: Filed) => void = () => {}): Promise<Filed> {
		const id = this.next
		this.next = this.next + 1 < OWN ? this.next + 1 : 1
		return new Promise((done, reject) => {
			const fail = (say: string) => reject(new Problem(409, 'files', say))
			this.asked.set(id, { part, fail, done })
			if (!this.link.file(id, request)) this.filed(id, { ok: false })
		})
	}

	filed(id: number, answer: Filed) {
		const asked = this.asked.get(id)
		if (!asked) return
		if (answer.ok && answer.more) return asked.part(answer)
		this.asked.delete(id)
		if (answer.ok) asked.done(answer)
		else asked.fail(answer.say ?? '')
	}

	/* The connection is gone, and with it what was asked. */
	lost() {
		for (const id of [...this.asked.keys()]) this.filed(id, { ok: false })
	}

	async home(): Promise<string> {
		return (await this.ask({ op: 'realpath', path: '.' })).path ?? '/'
	}

	/* A folder, at most `most` entries of it. */
	async entries(path: string, most = 20_000): Promise<Entry[]> {
		const found: Entry[] = []
		const put = (answer: Filed) => {
			if (found.length < most) found.push(...(answer.entries ?? []))
		}
		put(await this.ask({ op: 'list', path }, put))
		return found
	}

	/* Bytes of a file; null when there is none. */
	async sizeOf(path: string): Promise<number | null> {
		const answer = await this.ask({ op: 'stat', path }).catch(() => null)
		return answer ? (answer.entries?.[0]?.size ?? 0) : null
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
