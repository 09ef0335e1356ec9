import { onScopeDispose } from 'vue'
import { me } from '@/me'
import { backoff, openSocket } from './socket'

/* "Look again": one connection for the page, and a slow poll behind it. */
const POLL_MS = 30_000
type Call = () => void
const wanted = new Map<Call, Set<string>>()
let socket: WebSocket | null = null
let tries = 0
let timer = 0

function tell(collection: string | null) {
	for (const [call, names] of wanted) if (collection === null || names.has(collection)) call()
}

function later(ms: number) {
	clearTimeout(timer)
	timer = window.setTimeout(() => {
		tell(null)
		if (!socket) void connect()
		else later(POLL_MS)
	}, ms)
}

async function connect() {
	if (!me.value || wanted.size === 0) return
	try {
		const opened = await openSocket('/events', null)
		socket = opened
		opened.onopen = () => {
			tries = 0
			tell(null)
			later(POLL_MS)
		}
		opened.onmessage = (message) => {
			const said = JSON.parse(String(message.data)) as { changed?: string }
			if (said.changed) tell(said.changed)
		}
		opened.onclose = () => {
			if (socket !== opened) return
			socket = null
			later(backoff(tries++))
		}
	} catch {
		later(backoff(tries++))
	}
}

/* Calls when one of the collections has changed, for as long as the component lives. */
export function whenChanged(collections: string[], call: Call) {
	wanted.set(call, new Set(collections))
	if (!socket && wanted.size === 1) void connect()
	onScopeDispose(() => {
		wanted.delete(call)
		if (wanted.size > 0) return
		clearTimeout(timer)
		socket?.close()
		socket = null
	})
}
