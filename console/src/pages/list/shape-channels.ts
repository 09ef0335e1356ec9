import type { Choice, Field, Row, Shape } from './shape'

const KINDS: Choice[] = ['mail', 'webhook', 'dingtalk', 'wecom'].map((value) => ({ value, text: `notify.kind.${value}` }))
const EVENTS = ['request.asked', 'request.nobody', 'request.approved', 'request.refused', 'request.ending', 'request.ended', 'sql.asked', 'sql.nobody', 'sql.approved', 'sql.refused', 'sql.ended',
	'session.ended', 'alert']
const STATES: Choice[] = ['queued', 'sending', 'sent', 'failed', 'dead'].map((value) => ({ value, text: `notify.state.${value}` }))
const name = (row: Row) => ({ name: row.name })
const isMail = (row: Row) => row.kind === 'mail'

/* What a mail channel has besides; a webhook's and a robot's URL is the secret. */
function fields(isNew: boolean): Field[] {
	const own = (field: Field): Field => (isNew ? { ...field, value: undefined } : field)
	return [
		own({ key: 'address', label: 'notify.server', kind: 'text', about: 'notify.about_server', value: (row) => (isMail(row) ? row.address : '') }),
		own({ key: 'from', label: 'notify.from', kind: 'text', about: 'notify.about_from', value: (row) => row.from }),
		own({ key: 'login', label: 'notify.login', kind: 'text', about: 'notify.about_login', value: (row) => row.login }),
		own({ key: 'tls', label: 'notify.tls', kind: 'choice', choices: ['starttls', 'tls', 'none'].map((value) => ({ value, text: `notify.way.${value}` })), value: (row) => row.tls }),
		{ key: 'secret', label: 'notify.secret', kind: 'secret', about: 'notify.about_secret' },
		own({ key: 'event', label: 'notify.events', kind: 'many', about: 'notify.about_events', choices: EVENTS.map((value) => ({ value, text: `notify.event.${value.replace('.', '_')}` })), value: (row) => row.events }),
		own({ key: 'group', label: 'field.group', kind: 'of', from: 'groups', about: 'notify.about_group', value: (row) => row.group }),
		own({ key: 'lang', label: 'field.lang', kind: 'choice', choices: ['zh', 'en'].map((value) => ({ value, text: `lang.${value}` })), value: (row) => row.lang }),
		{ key: 'ca', label: 'notify.ca', kind: 'area', about: 'notify.about_ca' },
	]
}

export const channels: Shape = {
	collection: 'channels',
	title: 'notify.channels',
	watched: ['channels', 'notices'],
	search: 'list.search',
	filters: [{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS }],
	columns: [
		{ key: 'name', label: 'field.name', sort: true },
		{ key: 'kind', label: 'field.kind', kind: 'word', words: 'notify.kind', sort: true, width: 100 },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'notify.on', width: 70 },
		{ key: 'address', label: 'field.address', sort: true },
		{ key: 'group', label: 'field.group', width: 95 },
		{ key: 'waiting', label: 'notify.waiting', width: 85 },
		{ key: 'dead', label: 'notify.given_up', width: 85 },
		{ key: 'sent', label: 'notify.last_sent', kind: 'time', width: 165 },
	],
	create: {
		command: 'channel add',
		label: 'action.add',
		permission: 'channel.manage',
		fields: [
			{ key: 'name', label: 'field.name', kind: 'text', required: true },
			{ key: 'kind', label: 'field.kind', kind: 'choice', choices: KINDS, required: true },
			...fields(true),
		],
	},
	actions: [
		{
			command: 'channel test',
			label: 'notify.test',
			permission: 'channel.manage',
			args: name,
			answer: true,
			fields: [{ key: 'to', label: 'notify.to', kind: 'text', about: 'notify.about_to' }],
		},
		{ command: 'channel set', label: 'action.change', permission: 'channel.manage', args: name, versioned: true, fields: fields(false) },
		{ command: 'channel set', label: 'action.disable', permission: 'channel.manage', args: (row) => ({ name: row.name, state: 'off' }), versioned: true, when: (row) => row.state === 'on' },
		{ command: 'channel set', label: 'action.enable', permission: 'channel.manage', args: (row) => ({ name: row.name, state: 'on' }), versioned: true, when: (row) => row.state === 'off' },
		{ command: 'channel remove', label: 'action.remove', permission: 'channel.manage', args: name, danger: true, bulk: true },
	],
}

/* The outbox. */
export const notices: Shape = {
	collection: 'notices',
	title: 'notify.outbox',
	watched: ['notices'],
	search: 'list.search',
	filters: [
		{ key: 'state', label: 'field.state', kind: 'choice', choices: STATES },
		{ key: 'at', label: 'field.at', kind: 'range' },
	],
	columns: [
		{ key: 'at', label: 'field.at', kind: 'time', sort: true, width: 165 },
		{ key: 'event', label: 'notify.about_what', kind: 'word', words: 'notify.event' },
		{ key: 'request', label: 'notify.request', width: 90 },
		{ key: 'channel', label: 'notify.channel', sort: true },
		{ key: 'user', label: 'field.user', sort: true, width: 110 },
		{ key: 'state', label: 'field.state', kind: 'word', words: 'notify.state', width: 95 },
		{ key: 'attempts', label: 'notify.attempts', width: 70 },
		{ key: 'said', label: 'notify.said' },
	],
	actions: [
		{ command: 'notice retry', label: 'notify.retry', permission: 'notice.manage', args: (row) => ({ id: String(row.id) }), bulk: true, when: (row) => row.state === 'failed' || row.state === 'dead' },
		{ command: 'notice drop', label: 'notify.drop', permission: 'notice.manage', args: (row) => ({ id: String(row.id) }), danger: true, bulk: true, when: (row) => row.state === 'queued' || row.state === 'failed' },
	],
}
