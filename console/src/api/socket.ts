import { post } from './client'
import type { Ticket } from './types'

/* Opens a WebSocket: a ticket first (single use, half a minute), then the connection. */
export async function openSocket(path: string, protocol: string | null, query = '', ticket?: string): Promise<WebSocket> {
	const pass = ticket ?? (await post<Ticket>(`${ticketPath(path)}/ticket`)).ticket
	const url = new URL(`/api/v1${path}`, location.href)
	url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
	url.search = `ticket=${encodeURIComponent(pass)}${query && '&' + query}`
	const socket = protocol ? new WebSocket(url, protocol) : new WebSocket(url)
	socket.binaryType = 'arraybuffer'
	return socket
}

/* A terminal's ticket is the terminal's, not its socket's. */
function ticketPath(path: string) {
	return path.replace(/\/socket$/, '')
}

/* Milliseconds to wait before the n-th try (from 0): half a second, doubling, at most ten. */
export function backoff(tries: number) {
	return Math.min(500 * 2 ** tries, 10_000)
}
