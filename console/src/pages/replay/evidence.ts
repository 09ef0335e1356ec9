/*
 * evidence - is this recording what the gateway wrote?  Asked of the server each time, never remembered.
 */
import { command, isProblem } from '@/api/client'
import { wordsOf } from '@/words'

export interface Verdict {
	state: 'checking' | 'verified' | 'writing' | 'removed' | 'broken' | 'unknown'
	say: string // why it is broken or not known
	seq: number
	head: string
	anchored: boolean
	key: string // fingerprint of the newest evidence key
}
interface Answer {
	state: string
	seq: number
	head: string
	anchored: boolean
	reason?: string
}

const nothing: Verdict = { state: 'checking', say: '', seq: 0, head: '', anchored: false, key: '' }
export const checking = (): Verdict => ({ ...nothing })

/* SHA-256 of the last line's key: yanmen-evidence-1 <key>, or yanmen-evidence-next <key> <since> <signature>. */
export async function fingerprint(file: string): Promise<string> {
	const word = file.trim().split('\n').at(-1)?.split(' ')[1] ?? ''
	if (!word) return ''
	const key = Uint8Array.from(atob(word), (c) => c.charCodeAt(0))
	const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', key))
	return `SHA256:${btoa(String.fromCharCode(...hash)).replace(/=+$/, '')}`
}

export async function verify(id: string): Promise<Verdict> {
	try {
		const said = await command<Answer>('recording verify', { id })
		const keys = await command<{ sign?: string }>('public keys', {}).catch(() => ({ sign: '' }))
		const state = said.state === 'open' ? 'writing' : said.state === 'removed' ? 'removed' : 'verified'
		return { state, say: said.reason ?? '', seq: said.seq, head: said.head, anchored: said.anchored, key: await fingerprint(keys.sign ?? '') }
	} catch (problem) {
		const judged = isProblem(problem, 409)
		return { ...nothing, state: judged ? 'broken' : 'unknown', say: wordsOf(problem) }
	}
}
