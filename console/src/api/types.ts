/* What the server takes and answers: names for what schema.ts has of docs/openapi.yaml. */
import type { Answers, Arguments, Collection, Login, Rows, Page as AnyPage } from './schema'

export type { Answers, Arguments, Collection, Me, Rows } from './schema'
export type Page<Row> = Omit<AnyPage, 'rows'> & { rows: Row[] }
export type Query = Record<string, string | number | boolean | undefined>
export type Command = keyof Arguments
/* The row of a collection, or what the caller says that it is. */
export type RowOf<Row, C extends Collection> = [Row] extends [never] ? Rows[C] : Row
export type ArgumentsOf<Answer, N extends Command> = [Answer] extends [never] ? Arguments[N] : Record<string, unknown>
export type AnswerOf<Answer, N extends Command> = [Answer] extends [never] ? (N extends keyof Answers ? Answers[N] : unknown) : Answer

export type LoginStep = Login['step']
export type LoginAnswer = Login
export type Session = Rows['sessions']
export type Reachable = Rows['reachable']
export type FileRow = Rows['files']
export type ConsoleSession = Rows['console_sessions']

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

export interface Opened {
	id: string
	ticket: string
}
export interface Ticket {
	ticket: string
}
