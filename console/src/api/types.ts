import type { Asked } from '@/passkey'

/* What the server answers, as docs/openapi.yaml has it. */
export interface Page<Row> {
	rows: Row[]
	total: number
	more?: boolean // there are more than total says
}
export type Query = Record<string, string | number | boolean | undefined>
export type Command = `${string} ${string}` | 'doctor'

export interface Me {
	user: string
	role: string
	lang: string
	permissions: string[]
	csrf: string
	session: string
	fresh_until: string
	due: boolean // the password must be changed first
	password: boolean // there is one
	totp: boolean
	policy: string // of the second factor, for this user
	setup: boolean // the first run is not over, and it is his
	site: string // that passkeys of this address belong to; '' = there are none
	instance?: { name?: string; version?: string; certificate?: string }
}

export type LoginStep = 'done' | 'passkey' | 'code' | 'enrol' | 'codes'
export interface LoginAnswer {
	step: LoginStep
	visit?: string
	csrf?: string
	user?: string
	secret?: string // enrol: base32
	codes?: string[] // codes: recovery codes
	say?: string
	passkey?: Asked
	totp?: boolean // code: one of the app will do
	remember?: number // code: days for which this browser may be remembered
	elsewhere?: string // code: where the passkeys are good
}

export interface Session {
	id: string
	user: string
	target: string
	account: string
	cluster: string
	protocol: string
	state: 'online' | 'closed' | 'crashed'
	started: string
	ended: string | null
	reason: string | null
	address: string
	bytes_in: number | null
	bytes_out: number | null
	locked: boolean
}

export interface Reachable {
	id: string
	target: string
	account: string
	kind: string
	cluster: string
	address: string
	default: boolean
	groups: string[]
	recent: string | null
}

export interface FileRow {
	id: string
	session: string
	user: string
	target: string
	protocol: string
	op: string
	state: string
	path: string
	to: string | null
	size: number | null
	sha256: string | null
	why: string | null
	started: string
	ended: string | null
}

/* A hit of the search over everything. */
export interface Hit {
	id: string | number
	next?: string
	at: string
	kind: string
	user: string | null
	target: string | null
	session: string | null
	offset: number | null // seconds since the session began
	text: string
	actor?: string
	body?: unknown
}

export interface ConsoleSession {
	id: string
	user: string
	address: string
	agent: string
	created: string
	seen: string
	current: boolean
}

export interface Opened {
	id: string
	ticket: string
}
export interface Ticket {
	ticket: string
}
