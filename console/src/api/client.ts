/*
 * client - every request to the server: JSON, the CSRF token, problems (RFC 9457) as errors with words for the person.
 */
import { language } from '@/i18n'
import type { AnswerOf, Arguments, ArgumentsOf, Collection, Command, Page, Query, RowOf } from './types'

const BASE = '/api/v1'
let csrf = ''
let signedOut = () => {}

export class Problem extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		detail: string,
	) {
		super(detail)
	}
}

export function isProblem(error: unknown, status?: number): error is Problem {
	return error instanceof Problem && (status === undefined || error.status === status)
}

export function setCsrf(token: string) {
	csrf = token
}

export function csrfToken() {
	return csrf
}

/* Called when the server says that nobody is signed in here any more. */
export function whenSignedOut(call: () => void) {
	signedOut = call
}

/* The words of a problem, whatever body came with it. */
export function problemOf(status: number, body: string): Problem {
	let said: { detail?: unknown; title?: unknown; code?: unknown } = {}
	try {
		said = JSON.parse(body) as typeof said
	} catch {
		/* no problem document: a proxy's page, or nothing */
	}
	const words = [said.detail, said.title].find((text) => typeof text === 'string' && text !== '')
	return new Problem(status, typeof said.code === 'string' ? said.code : '', (words as string) ?? `HTTP ${status}`)
}

async function request(method: string, path: string, body?: unknown, more: Record<string, string> = {}, signal?: AbortSignal) {
	const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language(), ...more }
	if (body !== undefined) headers['Content-Type'] = 'application/json'
	if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
	let answer: Response
	try {
		answer = await fetch(BASE + path, {
			method,
			headers,
			body: body === undefined ? null : JSON.stringify(body),
			credentials: 'same-origin',
			signal: signal ?? null,
		})
	} catch (error) {
		if (signal?.aborted) throw error
		throw new Problem(0, 'away', '')
	}
	const text = await answer.text()
	if (answer.ok) return text === '' ? null : (JSON.parse(text) as unknown)
	if (answer.status === 401 && !path.startsWith('/login')) signedOut()
	throw problemOf(answer.status, text)
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
	return (await request('GET', path, undefined, {}, signal)) as T
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
	return (await request('POST', path, body)) as T
}

/* One page of a collection. */
export async function list<Row = never, C extends Collection = Collection>(collection: C, query: Query = {}, signal?: AbortSignal): Promise<Page<RowOf<Row, C>>> {
	return get<Page<RowOf<Row, C>>>(`/${collection}?${queryText(query)}`, signal)
}

export function queryText(query: Query): string {
	return Object.entries(query)
		.filter(([, value]) => value !== undefined && value !== '')
		.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
		.join('&')
}

/* A command of the table: "session kill".  once: the same for each try of one form, so that it is done once. */
export async function command<Answer = never, N extends Command = Command>(name: N, args: ArgumentsOf<Answer, N>, once?: string): Promise<AnswerOf<Answer, N>> {
	const more: Record<string, string> = once ? { 'Idempotency-Key': once } : {}
	return (await request('POST', `/commands/${name.replace(' ', '/')}`, args, more)) as AnswerOf<Answer, N>
}

/* A command that answers with a file: the browser saves it by itself, as it comes.  A refusal is an error, as of any command. */
export async function download<N extends Command>(name: N, args: Arguments[N], file = ''): Promise<void> {
	const query = queryText({ as: 'ticket', name: file })
	const { href } = (await request('POST', `/commands/${name.replace(' ', '/')}?${query}`, args)) as { href: string }
	const link = document.createElement('a')
	link.href = href
	link.download = ''
	link.click()
}
