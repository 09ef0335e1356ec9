/* Made from docs/openapi.yaml by tools/openapi.py: change nothing here. */

export type Ticket = string

export interface Health {
	broker: boolean
	database: boolean
}

export interface Page {
	rows: Row[] // those of Rows/properties/<collection>
	total: number
	more?: boolean // there are more than total
}

export interface Me {
	id: number
	user: string
	role: string
	lang: string // zh or en; empty: not chosen
	mail: string // where the person is told; empty: nowhere
	permissions: string[]
	session: string | null // null: with an API token
	csrf?: string // not with an API token
	watermark?: 'off' | 'watch' | 'all' // the setting console.watermark
	address?: string // of this browser, as the server sees it
	fresh_until: string | null // until when the sign-in is recent enough for what is dear; null: with an API token
	due: boolean // the password must be changed first
	password: boolean // there is one
	totp: boolean // has an authenticator app
	policy: string | null // of the second factor, for this user; null: that of the setting
	passkey_only?: boolean // he signs in by passkey alone
	passkey_due?: boolean // and must set one up first
	site: string // that passkeys of this address belong to; empty: there are none
	setup: boolean // the first run is not over, and it is his
	instance: {
		name?: string
		version?: string
		certificate?: string // SHA-256 of the certificate
	}
}

export interface Login {
	step: 'done' | 'passkey' | 'code' | 'enrol' | 'codes'
	visit?: string // of every step but done
	csrf?: string // of done
	user?: string // of done and enrol
	role?: string // of done
	lang?: string // of done
	secret?: string // of enrol: base32, for an authenticator app
	codes?: string[] // of codes: recovery codes
	say?: string // of the step, for the person
	passkey?: Passkey
	totp?: boolean // of code: a code of the app will do
	remember?: number // of code: days for which this browser may be remembered; 0 = it may not
	elsewhere?: string // of code: host names at which the person has passkeys
}

export interface Passkey {
	challenge: string
	rp: string
	credentials: string[]
}

export interface PasskeyAnswer {
	id: string
	client_data: string
	authenticator_data: string
	signature: string
	user?: string // the user handle, where the authenticator gave one
}

export type Collection = 'access_passwords' | 'accounts' | 'audit' | 'channels' | 'checks' | 'cloud_openings' | 'cloud_users' | 'clouds' | 'clusters' | 'command_rules' | 'console_sessions' | 'devices' | 'document_files' | 'document_limits' | 'document_versions' | 'documents' | 'duties' | 'files' | 'grants' | 'groups' | 'history' | 'keys' | 'me' | 'notices' | 'page_columns' | 'passkeys' | 'passwords' | 'preapprovals' | 'reachable' | 'recordings' | 'requestable' | 'requests' | 'roles' | 'rotation_policies' | 'rotations' | 'secure_modes' | 'sessions' | 'settings' | 'setup' | 'sql_policies' | 'sql_requests' | 'sql_rules' | 'sql_targets' | 'targets' | 'templates' | 'tokens' | 'users' | 'views'

export type Row = unknown

export interface Rows {
	access_passwords: {
		id: number // identifies the row
		name: string // what it is called
		user: string // the person
		door: string // the door that it is good at: mysql or tds
		networks: string[] // networks
		factored: boolean // it stands for a second factor, since it was made after one
		state: string // what became of it
		created: string // when it was made
		until: string // until when it holds
		used: string | null // when it was used last; null: never
		used_from: string | null // from where it was used last
		mine: boolean // it is the asker's own
	}
	accounts: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		target: string // the target
		name: string // what it is called
		kind: string // what kind it is
		default: boolean // the one that is taken when none is named
		suspended: boolean // it is not used until its secret is set again
		public_key: string | null // the public key, in OpenSSH's form
		updated: string // when its secret was set
		template: string | null // the template that it follows; null: none
	}
	audit: {
		id: number // identifies the row
		at: string // when it happened
		kind: string // what kind it is
		actor: string // who did it: user:<name>, local:<uid> or a part of the gateway
		user: string | null // the person
		target: string | null // the target
		session: string | null // the session
		address: string | null // network address
		text: string // the event in words
		body: Record<string, unknown> // the whole event
	}
	channels: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		kind: string // what kind it is
		state: string // what became of it
		address: string // network address
		from: string // who its mails are from
		login: string // name of the account
		tls: string // starttls, tls or none
		lang: string // zh or en; empty: not chosen
		group: string | null // resource group
		events: string[] // what it tells; empty: everything
		secret: boolean // a password or an address with a key is sealed
		pinned: boolean // a host key is pinned
		created: string // when it was made
		sent: string | null // when a message left by it last
		waiting: number // messages that have not left yet
		dead: number // messages that were given up
	}
	checks: {
		id: string // what is looked after
		n: number // how many there are
	}
	cloud_openings: {
		id: number // identifies the row
		at: string // when it happened
		name: string // what it is called
		user: string // the person
		address: string // network address
		reason: string // why
	}
	cloud_users: {
		id: number // identifies the row
		name: string // what it is called
		user: string // the person
		group: string // resource group
		until: string | null // until when it holds
		at: string // when it happened
		created_by: string // who made it
	}
	clouds: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		provider: string // whose cloud it is
		kind: string // what kind it is
		login: string // name of the account
		url: string // where one signs in
		key_id: string // id of the access key
		group: string // resource group
		remind: string // after how many days a new password is due
		password_at: string | null // when its password was entered
		key_at: string | null // when its access key was entered
		due: boolean // a new password is due
		opened: string | null // when somebody saw its password last
		users: string | null // who may open it
		opens: boolean // the asker of this list may open it
	}
	clusters: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		networks: string[] // networks
		created: string // when it was made
		targets: number // how many targets it has
		admins: string[] // users who administer it
		secure: boolean // in secure mode, itself or its cluster
	}
	command_rules: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		rank: number // the order in which rules are looked at
		place: number // where in its scope it stands
		enabled: boolean // it holds
		name: string // what it is called
		cluster: string | null // its cluster
		program: string // pattern of the program; empty: any
		args: string // pattern of the arguments
		path: string // pattern of the program's path
		account: string // account on the target
		target: string // the target
		hours: string // when it may be used; empty: at any time
		action: string // what it does
		reason_en: string // what who is stopped reads, in English
		reason_zh: string // what who is stopped reads, in Chinese
		created_by: string // who made it
		scope: string // whose it is: all, or cluster:, group: or target: and an id
		mine: boolean // the asker may change it
	}
	console_sessions: {
		id: string // identifies the row
		user: string // the person
		address: string // network address
		agent: string // what the browser calls itself
		created: string // when it was made
		seen: string // when it was seen last
		current: boolean // the one that is in use
	}
	devices: {
		id: string // identifies the row
		kind: 'browser' | 'ssh' | 'web' // what kind it is
		address: string // network address
		agent: string // what the browser calls itself
		created: string | null // when it was made
		until: string // until when it holds
	}
	document_files: {
		id: number // identifies the row
		started: string // when it began
		user: string // the person
		address: string // network address
		op: 'upload' | 'view' | 'download' // what was done
		path: string // name of the file
		version: number // number of the version
		size: number // bytes
		sha256: string // SHA-256, hexadecimal
	}
	document_limits: {
		id: number // identifies the row
		most: number // bytes a document may have
		used: number // bytes that all documents have
		total: number // bytes that all documents may have
	}
	document_versions: {
		id: string // identifies the row
		document: string // name of the document
		number: number // counts from 1
		current: boolean // the one that is in use
		type: string // media type
		charset: string // character set
		size: number // bytes
		sha256: string // SHA-256, hexadecimal
		note: string // what is new in it
		started: string // when it began
		user: string // the person
		removed: boolean // its bytes are gone
	}
	documents: {
		id: number // identifies the row
		name: string // what it is called
		about: string // what it is, in a sentence
		type: string // media type
		charset: string // character set
		size: number // bytes
		sha256: string // SHA-256, hexadecimal
		version: number // number of the newest version
		edition: number // counts each change of it; a change may name the one that was seen
		changed: string // when it was changed last
		changed_by: string // who changed it last
		created: string // when it was made
		created_by: string // who made it
		users: string[] // users it is shared with
		roles: string[] // roles it is shared with
		groups: string[] // resource groups
	}
	duties: {
		id: string // identifies the row
		name: string // what it is called
		duty: string // the duty it belongs to; empty: none
		free: boolean // an added role may have it
		base: boolean // every role has it
		own: boolean // it can be had for one's own groups and clusters alone
	}
	files: {
		id: string // identifies the row
		session: string // the session
		number: number // counts from 1
		user: string // the person
		target: string // the target
		account: string // account on the target
		protocol: string // how it was done
		op: string // what was done
		state: string // what became of it
		path: string // name of the file
		to: string | null // the new name, of a renaming
		size: number | null // bytes
		sha256: string | null // SHA-256, hexadecimal
		kept: boolean | null // a copy of the contents is kept
		why: string | null // why it was refused or cut
		started: string // when it began
		ended: string | null // when it ended; null: it goes on
	}
	grants: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		user: string // the person
		account: string // account on the target
		target: string | null // the target
		group: string | null // resource group
		from: string[] | null // networks it may come from; empty: any
		hours: string | null // when it may be used; empty: at any time
		until: string | null // until when it holds
		features: string[] // what sessions may do
		idle: number | null // seconds without input after which a session ends; null: no limit
		total: number | null // seconds after which a session ends; null: no limit
		concurrent: number | null // sessions at once; null: no limit
		paste: string // rule for pasting into a terminal in the browser
		paste_max: number | null // most bytes of one paste; null: no limit
		copy: boolean // whether text may be copied out of a terminal in the browser
		created_by: string // who made it
		created: string // when it was made
		expired: boolean // its end is over
		online: number // sessions that go on
	}
	groups: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		kind: 'ordinary' | 'network_default' // what kind it is
		retention_days: number | null // days for which recordings are kept; null: as the setting has it
		requestable: boolean // access may be asked for
		created: string // when it was made
		targets: number // how many targets it has
		admins: string[] // users who administer it
	}
	history: {
		id: number // identifies the row
		at: string // when it happened
		actor: string // who did it: user:<name>, local:<uid> or a part of the gateway
		event: string // kind of the audit event
		kind: string // what kind it is
		object: string // id of the object
		name: unknown // what it is called
		before: Record<string, unknown> | null // what was changed, as it was
		after: Record<string, unknown> | null // what was changed, as it is now
		address: string | null // network address
	}
	keys: {
		id: string // identifies the row
		name: string // what it is called
		comment: string // the comment of the key
		created: string // when it was made
	}
	me: {
		id: number // identifies the row
		user: string // the person
		role: string // role
		lang: string // zh or en; empty: not chosen
		session: string | null // the session
		permissions: string[] // rights
		fresh_until: string | null // until when the sign-in is recent enough for what is dear
		due: boolean // the password must be changed before anything else
		password: boolean // has a password
		totp: boolean // has an authenticator app
		policy: string | null // policy of the second factor for this user; null: that of the setting
		site: string // host name that its passkeys belong to
		setup: boolean // the first run is not over, and it is his
		mail: string // where the person is told
		watermark: string // the setting console.watermark
		address: string // network address
		passkey_only: boolean // signs in by passkey alone
		passkey_due: boolean // must set up a passkey before anything else
	}
	notices: {
		id: number // identifies the row
		event: string // kind of the audit event
		channel: string // the channel it goes by
		via: string // who changes it there: the account itself, or another one
		user: string // the person
		request: number | null // the access request that it is about
		state: string // what became of it
		attempts: number // how often it was tried
		said: string // what the other side said last
		at: string // when it happened
		next: string | null // when it is tried next
		ended: string | null // when it ended; null: it goes on
	}
	page_columns: {
		id: string // the page
		columns: string[] // columns that are shown, in their order
	}
	passkeys: {
		id: string // identifies the row
		name: string // what it is called
		site: string // host name that its passkeys belong to
		created: string // when it was made
		used: string | null // when it was used last; null: never
	}
	passwords: {
		id: number // identifies the row
		name: string // what it is called
		target: string // the target
		kind: string // what kind it is
		since: string // since when its secret is as it is
		rotated: string | null // when it was rotated last; null: never
		days: number // how old its secret is, in days
		policy: string | null // the policy of rotation it is under; null: none
		due: string | null // when it is to be changed
		state: string | null // what became of it
		say: string | null // what was said of it last
		hindrance: string | null // why it cannot be rotated; null: it can
	}
	preapprovals: {
		id: number // identifies the row
		name: string // what it is called
		kind: string // what kind it is
		role: string | null // role
		user: string | null // the person
		group: string // resource group
		account: string | null // account on the target
		longest: number // the longest term, in seconds
		created_by: string // who made it
	}
	reachable: {
		id: string // identifies the row
		target: string // the target
		account: string // account on the target
		kind: string // what kind it is
		cluster: string // its cluster
		address: string // host:port
		default: boolean // the one that is taken when none is named
		recent: string | null // when he was there last; null: never
		groups: string[] // resource groups
		secure: boolean // in secure mode, itself or its cluster
		favourite: boolean // a favourite of the asker
	}
	recordings: {
		id: string // identifies the row
		user: string // the person
		target: string // the target
		cluster: string // its cluster
		account: string // account on the target
		protocol: string // how it was done
		state: string // what became of it
		address: string // network address
		started: string // when it began
		ended: string | null // when it ended; null: it goes on
		reason: string | null // why
		recording: string | null // state of its recording
		size: number | null // bytes
		removed: string | null // when the recording was removed by its term
		hold: string | null // why it is kept from removal
		held_by: string | null // who keeps it from removal
		recording_reason: string | null // why the recording is not whole
	}
	requestable: {
		id: string // identifies the row
		name: string // what it is called
		account: string // account on the target
		kind: string // what kind it is
		cluster: string // its cluster
		granted: boolean // he may connect already
		groups: string[] // resource groups
	}
	requests: {
		id: number // identifies the row
		user: string // the person
		kind: 'access' | 'software' // what kind it is
		targets: string[] // what is asked for
		account: string | null // account on the target
		reason: string // why
		detail: string // what is to be done there
		starts: string // from when it holds
		until: string // until when it holds
		state: 'asked' | 'approved' | 'active' | 'ended' | 'refused' | 'withdrawn' // what became of it
		at: string // when it happened
		decided: string | null // when it was decided
		decided_by: string | null // who decided
		answer: string | null // why it was approved, refused or withdrawn
		preapproval: string | null // the pre-approval that decided it
		extends: number | null // id of the request that it makes longer
		mine: boolean // it is the asker's own
		decidable: boolean // the asker of this list may decide it
		endable: boolean // the asker of this list may withdraw it
		risk: {
			grants: number
			here: string[]
			online: number
			refused: number
			role: string
		} | null
		told: {
			kind: string
			who: string
			via: string
			state: string
			at: string
			said: string
		}[] // who was told of it, and how that went
	}
	roles: {
		id: string // identifies the row
		name: string // what it is called
		about: string // what it is, in a sentence
		permissions: Record<string, 'all' | 'own'> // rights of the role, with their scope
		aside: Record<string, 'all' | 'own'> // rights that separation of duties took from the role, with their scope
		duties: string[] // duties whose rights the role has
		users: number // how many users there are
		custom: boolean // an added role
		version: number // counts changes; a change may name the one that was seen
	}
	rotation_policies: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		group: string | null // resource group
		cluster: string | null // its cluster
		target: string | null // the target
		account: string // account on the target
		via: string // who changes it there: the account itself, or another one
		every: number // days after which it is changed
		at: string // at what times it may run
		length: number // length of what is made
		keep: number // days for which the old secret is kept
		accounts: number // how many accounts it has
	}
	rotations: {
		id: number // identifies the row
		target: string // the target
		account: string // account on the target
		via: string // who changes it there: the account itself, or another one
		why: string // what began it
		asked_by: string // who began it
		state: string // what became of it
		say: string // what was said of it last
		started: string // when it began
		ended: string | null // when it ended; null: it goes on
		keep_until: string | null // until when the old secret is kept
		recoverable: boolean // the old secret is there still
	}
	secure_modes: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		secure: boolean // in secure mode, itself or its cluster
		doors: string // what is done with ways in that cannot be watched: refuse, observer, record
		unknown: string // what is done with a program that cannot be told
		default: string // what is done where no rule fits
		rules: number // how many command rules hold there
	}
	sessions: {
		id: string // identifies the row
		user: string // the person
		target: string // the target
		cluster: string // its cluster
		account: string // account on the target
		protocol: string // how it was done
		state: 'online' | 'closed' | 'crashed' // what became of it
		locked: boolean // its input is frozen
		address: string // network address
		rule: string | null // what let it in
		layer: string // the layer of command control that is in force; only L3 is enforced
		started: string // when it began
		reached: string | null // when the target was reached
		ended: string | null // when it ended; null: it goes on
		reason: string | null // why
		bytes_in: number | null // bytes from the person
		bytes_out: number | null // bytes to the person
		recording: string | null // state of its recording
		secure: boolean | null // in secure mode, itself or its cluster
		groups: string[] | null // resource groups
		marks: string[] | null // what deserves a look: privileged, temporary, lends, locked; null: its grant is gone
	}
	settings: {
		id: string // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		value: string // its value
		about: string // what it is, in a sentence
		set_by: string // the command that changes it
	}
	setup: {
		id: number // identifies the row
		step: number // how far it is
		done: boolean // it is over
		targets: number // how many targets it has
		users: number // how many users there are
		grants: number // how many grants there are
		sessions: number // how many sessions there were
		factor: string // policy of the second factor
	}
	sql_policies: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		kind: string // what kind it is
		cluster: string // its cluster
		default: string // what is done where no rule fits
		approval: boolean // statements may be approved
		approvers: string | null // resource group whose admins approve; null: nobody yet
	}
	sql_requests: {
		id: number // identifies the row
		user: string // the person
		target: string // the target
		account: string // account on the target
		database: string // the database it is for; empty: any
		start: string // the beginning of its text
		bytes: number // length of the text, in bytes
		mode: 'client' | 'job' // who runs it: client, the person's own; job, the gateway
		reason: string // why
		starts: string // from when it holds
		until: string // until when it holds
		state: 'asked' | 'approved' | 'refused' | 'withdrawn' | 'expired' | 'running' | 'done' | 'failed' | 'unknown' // what became of it
		at: string // when it happened
		decided: string | null // when it was decided
		decided_by: string | null // who decided
		answer: string // why it was approved, refused or withdrawn
		classes: string[] // classes of its statements
		flags: string[] // marks of its statements
		verdict: 'allow' | 'alert' | 'approve' | 'deny' // what the rules said when it was asked: allow, alert, approve
		rows: number | null // most rows that one statement may change; null: nobody named a number
		revises: number | null // id of the request that it was asked instead of
		ended: string | null // when it ended; null: it goes on
		say: string // how it ended
		mine: boolean // it is the asker's own
		decidable: boolean // the asker of this list may decide it
	}
	sql_rules: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		rank: number // the order in which rules are looked at
		place: number // where in its scope it stands
		enabled: boolean // it holds
		name: string // what it is called
		cluster: string | null // its cluster
		group: string | null // resource group
		target: string | null // the target
		user: string // the person
		role: string // role
		dialect: string // mysql or tsql; empty: both
		database: string // pattern of the database; empty: any
		tables: string // patterns of tables; empty: any
		classes: string[] // classes of statements; empty: any
		flags: string[] // marks a statement must have
		without: string[] // marks a statement must not have
		hours: string // when it may be used; empty: at any time
		from: string[] // networks it is for; empty: any
		program: string // pattern of the program; empty: any
		statements: number // most statements at once; 0: no limit
		rows: number // most rows; 0: no limit
		action: string // what it does
		reason_en: string // what who is stopped reads, in English
		reason_zh: string // what who is stopped reads, in Chinese
		created_by: string // who made it
		scope: string // whose it is: all, or cluster:, group: or target: and an id
		mine: boolean // the asker may change it
	}
	sql_targets: {
		id: string // identifies the row
		name: string // what it is called
		account: string // account on the target
		kind: string // what kind it is
		cluster: string // its cluster
		default: boolean // the one that is taken when none is named
		approval: boolean // statements may be approved
	}
	targets: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		kind: string // what kind it is
		address: string // host:port
		host: string // host name or address
		port: number // port
		cluster: string // its cluster
		pinned: boolean // a host key is pinned
		host_key: string | null // fingerprint of the pinned host key
		pinned_at: string | null // when the host key was pinned
		charset: string // character set
		legacy: boolean // old algorithms may be used
		tls: boolean // of a database: it is used with TLS
		database: string // of a database: which one its sessions begin with
		created: string // when it was made
		accounts: {
			name: string
			auth: string
			default: boolean
			suspended: boolean
		}[] // its accounts
		groups: string[] // resource groups
	}
	templates: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		login: string // name of the account
		root: boolean // it may become root
		kind: string // what kind it is
		sudo: string // rules of sudo it has
		about: string // what it is, in a sentence
		created: string // when it was made
		accounts: number // how many accounts follow it
	}
	tokens: {
		id: string // identifies the row
		name: string // what it is called
		user: string // the person
		scopes: string[] // what the token may do
		networks: string[] // networks
		state: string // what became of it
		created: string // when it was made
		until: string // until when it holds
		used: string | null // when it was used last; null: never
		used_from: string | null // from where it was used last
		mine: boolean // it is the asker's own
	}
	users: {
		id: number // identifies the row
		version: number // counts changes; a change may name the one that was seen
		name: string // what it is called
		role: string // role
		state: 'active' | 'disabled' // what became of it
		lang: string // zh or en; empty: not chosen
		mail: string // where the person is told
		password: boolean // has a password
		factor: string | null // policy of the second factor; null: that of the setting
		enrolled: boolean // has a second factor
		created: string // when it was made
		seen: string | null // when it was seen last
		keys: string[] // fingerprints of SSH public keys
		second: boolean // has a second factor
	}
	views: {
		id: string // identifies the row
		page: string // the page it is for
		name: string // what it is called
		query: Record<string, string> // the page's search, as it stands in its address
		role: string // who has this role sees it as well; empty: nobody else
		by: string // whose it is
		mine: boolean // it is the asker's own
	}
}

export interface Problem {
	type: 'about:blank'
	title: string
	status: number
	detail: string // for the person, in the language of Accept-Language
	code: 'malformed' | 'usage' | 'signed_out' | 'denied' | 'token' | 'not_allowed' | 'csrf' | 'origin' | 'ticket' | 'not_found' | 'method' | 'late' | 'failed' | 'length' | 'too_large' | 'too_long' | 'range' | 'reused' | 'upgrade' | 'busy' | 'away' | 'no_answer'
}

/* What each command takes. */
export interface Arguments {
	'user add': {
		name: string | number | boolean | null
		role: string | number | boolean | null
		key?: (string | number)[]
		lang?: string | number | boolean | null
		secret?: string
	}
	'user disable': {
		name: string | number | boolean | null
		rotate?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'user remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'user enable': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'user set': {
		name: string | number | boolean | null
		role?: string | number | boolean | null
		lang?: string | number | boolean | null
		mail?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'user rename': {
		name: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'user factor': {
		name: string | number | boolean | null
		policy: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'user password': {
		name: string | number | boolean | null
		secret?: string
	}
	'user list': Record<never, never>
	'factor list': Record<never, never>
	'factor reset': {
		name: string | number | boolean | null
	}
	'factor codes': {
		name: string | number | boolean | null
	}
	'passkey list': {
		user?: string | number | boolean | null
	}
	'passkey begin': Record<never, never>
	'passkey add': {
		name: string | number | boolean | null
		credential: string | number | boolean | null
		client_data: string | number | boolean | null
		authenticator_data: string | number | boolean | null
	}
	'passkey rename': {
		id: string | number | boolean | null
		name: string | number | boolean | null
	}
	'passkey remove': {
		id: string | number | boolean | null
	}
	'me confirm': {
		secret?: string
	}
	'me password': {
		secret?: string
	}
	'me enrol': Record<never, never>
	'me language': {
		lang: string | number | boolean | null
	}
	'me mail': {
		mail?: string | number | boolean | null
	}
	'me key-add': {
		key: string | number | boolean | null
	}
	'me key-remove': {
		key: string | number | boolean | null
	}
	'device forget': {
		id: string | number | boolean | null
	}
	'certificate issue': {
		user: string | number | boolean | null
		key: string | number | boolean | null
		for?: string | number | boolean | null
		from?: (string | number)[]
	}
	'certificate list': {
		user?: string | number | boolean | null
	}
	'certificate revoke': {
		serial?: string | number | boolean | null
		user?: string | number | boolean | null
		reason?: string | number | boolean | null
	}
	'certificate ca': Record<never, never>
	'console list': Record<never, never>
	'console end': {
		id: string | number | boolean | null
	}
	'console logout': Record<never, never>
	'token add': {
		name: string | number | boolean | null
		scope: (string | number)[]
		user?: string | number | boolean | null
		for?: string | number | boolean | null
		from?: (string | number)[]
	}
	'token list': Record<never, never>
	'token revoke': {
		id: string | number | boolean | null
	}
	'access-password add': {
		name: string | number | boolean | null
		door?: string | number | boolean | null
		user?: string | number | boolean | null
		for?: string | number | boolean | null
		from?: (string | number)[]
	}
	'access-password list': Record<never, never>
	'access-password revoke': {
		id: string | number | boolean | null
	}
	'group add': {
		name: string | number | boolean | null
		network_default?: string | number | boolean | null
	}
	'group put': {
		group: string | number | boolean | null
		target: (string | number)[]
	}
	'group take': {
		group: string | number | boolean | null
		target: (string | number)[]
	}
	'group remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'group rename': {
		name: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'group list': Record<never, never>
	'group admin': {
		group: string | number | boolean | null
		user: string | number | boolean | null
	}
	'cluster add': {
		name: string | number | boolean | null
		network: (string | number)[]
	}
	'cluster put': {
		cluster: string | number | boolean | null
		target: (string | number)[]
	}
	'cluster remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'cluster set': {
		name: string | number | boolean | null
		network: (string | number)[]
		version?: string | number | boolean | null
	}
	'cluster rename': {
		name: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'cluster admin': {
		cluster: string | number | boolean | null
		user: string | number | boolean | null
	}
	'cluster list': Record<never, never>
	'target add': {
		name: string | number | boolean | null
		kind: string | number | boolean | null
		address: string | number | boolean | null
		cluster: string | number | boolean | null
		charset?: string | number | boolean | null
		legacy?: string | number | boolean | null
		tls?: string | number | boolean | null
		database?: string | number | boolean | null
	}
	'target set': {
		name: string | number | boolean | null
		address?: string | number | boolean | null
		charset?: string | number | boolean | null
		legacy?: string | number | boolean | null
		tls_key?: string | number | boolean | null
		tls?: string | number | boolean | null
		database?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'target rename': {
		name: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'target remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'target list': Record<never, never>
	'target test': {
		name: string | number | boolean | null
	}
	'target repin': {
		target: (string | number)[]
	}
	'account set': {
		target: string | number | boolean | null
		account: string | number | boolean | null
		kind: string | number | boolean | null
		version?: string | number | boolean | null
		secret?: string
	}
	'account remove': {
		target: string | number | boolean | null
		account: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'account rotate': {
		target: string | number | boolean | null
		account: string | number | boolean | null
		via?: string | number | boolean | null
	}
	'account settle': {
		id: string | number | boolean | null
	}
	'account recover': {
		id: string | number | boolean | null
	}
	'account rotations': {
		target?: string | number | boolean | null
		account?: string | number | boolean | null
	}
	'account ages': {
		older?: string | number | boolean | null
	}
	'rotation add': {
		name: string | number | boolean | null
		every: string | number | boolean | null
		group?: string | number | boolean | null
		cluster?: string | number | boolean | null
		target?: string | number | boolean | null
		account?: string | number | boolean | null
		via?: string | number | boolean | null
		at?: string | number | boolean | null
		length?: string | number | boolean | null
		keep?: string | number | boolean | null
	}
	'rotation set': {
		name: string | number | boolean | null
		every?: string | number | boolean | null
		account?: string | number | boolean | null
		via?: string | number | boolean | null
		at?: string | number | boolean | null
		length?: string | number | boolean | null
		keep?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'rotation remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'rotation list': Record<never, never>
	'template add': {
		name: string | number | boolean | null
		login?: string | number | boolean | null
		kind?: string | number | boolean | null
		root?: string | number | boolean | null
		sudo?: string | number | boolean | null
		about?: string | number | boolean | null
	}
	'template set': {
		name: string | number | boolean | null
		login?: string | number | boolean | null
		kind?: string | number | boolean | null
		root?: string | number | boolean | null
		sudo?: string | number | boolean | null
		about?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'template rename': {
		name: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'template remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'template apply': {
		name: string | number | boolean | null
		target?: (string | number)[]
		group?: string | number | boolean | null
		cluster?: string | number | boolean | null
		secret?: string
	}
	'template list': Record<never, never>
	'grant add': {
		user: string | number | boolean | null
		account: string | number | boolean | null
		target?: string | number | boolean | null
		group?: string | number | boolean | null
		from?: (string | number)[]
		hours?: string | number | boolean | null
		until?: string | number | boolean | null
		feature?: (string | number)[]
		idle?: string | number | boolean | null
		total?: string | number | boolean | null
		concurrent?: string | number | boolean | null
		paste?: string | number | boolean | null
		paste_max?: string | number | boolean | null
		copy?: string | number | boolean | null
	}
	'grant remove': {
		id: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'grant list': Record<never, never>
	'cloud add': {
		name: string | number | boolean | null
		provider: string | number | boolean | null
		kind: string | number | boolean | null
		login: string | number | boolean | null
		group: string | number | boolean | null
		url?: string | number | boolean | null
		key_id?: string | number | boolean | null
		remind?: string | number | boolean | null
	}
	'cloud set': {
		name: string | number | boolean | null
		provider?: string | number | boolean | null
		kind?: string | number | boolean | null
		login?: string | number | boolean | null
		group?: string | number | boolean | null
		url?: string | number | boolean | null
		key_id?: string | number | boolean | null
		remind?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'cloud secret': {
		name: string | number | boolean | null
		kind: string | number | boolean | null
		version?: string | number | boolean | null
		secret?: string
	}
	'cloud remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'cloud list': Record<never, never>
	'cloud allow': {
		group: string | number | boolean | null
		user: string | number | boolean | null
		until?: string | number | boolean | null
	}
	'cloud forbid': {
		group: string | number | boolean | null
		user: string | number | boolean | null
	}
	'cloud open': {
		name: string | number | boolean | null
		reason: string | number | boolean | null
	}
	'cloud openings': {
		name?: string | number | boolean | null
	}
	'import run': {
		line: (string | number)[]
		check?: string | number | boolean | null
	}
	'history list': {
		kind: string | number | boolean | null
		name: string | number | boolean | null
	}
	'request add': {
		target: (string | number)[]
		reason: string | number | boolean | null
		until: string | number | boolean | null
		account?: string | number | boolean | null
		starts?: string | number | boolean | null
		kind?: string | number | boolean | null
		detail?: string | number | boolean | null
	}
	'request list': {
		state?: string | number | boolean | null
	}
	'request show': {
		id: string | number | boolean | null
	}
	'request approve': {
		id: string | number | boolean | null
		until?: string | number | boolean | null
		reason?: string | number | boolean | null
	}
	'request refuse': {
		id: string | number | boolean | null
		reason: string | number | boolean | null
	}
	'request withdraw': {
		id: string | number | boolean | null
		reason?: string | number | boolean | null
	}
	'request extend': {
		id: string | number | boolean | null
		until: string | number | boolean | null
		reason: string | number | boolean | null
	}
	'preapproval add': {
		name: string | number | boolean | null
		group: string | number | boolean | null
		longest: string | number | boolean | null
		kind?: string | number | boolean | null
		role?: string | number | boolean | null
		user?: string | number | boolean | null
		account?: string | number | boolean | null
	}
	'preapproval remove': {
		name: string | number | boolean | null
	}
	'preapproval list': Record<never, never>
	'secure-mode set': {
		cluster: string | number | boolean | null
		secure?: string | number | boolean | null
		doors?: string | number | boolean | null
		unknown?: string | number | boolean | null
		default?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'secure-mode list': Record<never, never>
	'command-rule add': {
		action: string | number | boolean | null
		cluster?: string | number | boolean | null
		program?: string | number | boolean | null
		args?: string | number | boolean | null
		path?: string | number | boolean | null
		account?: string | number | boolean | null
		target?: string | number | boolean | null
		hours?: string | number | boolean | null
		name?: string | number | boolean | null
		reason_en?: string | number | boolean | null
		reason_zh?: string | number | boolean | null
		enabled?: string | number | boolean | null
		place?: string | number | boolean | null
	}
	'command-rule set': {
		id: string | number | boolean | null
		action?: string | number | boolean | null
		program?: string | number | boolean | null
		args?: string | number | boolean | null
		path?: string | number | boolean | null
		account?: string | number | boolean | null
		target?: string | number | boolean | null
		hours?: string | number | boolean | null
		name?: string | number | boolean | null
		reason_en?: string | number | boolean | null
		reason_zh?: string | number | boolean | null
		enabled?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'command-rule move': {
		id: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'command-rule remove': {
		id: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'command-rule list': {
		cluster?: string | number | boolean | null
	}
	'command-rule import': {
		cluster?: string | number | boolean | null
	}
	'command-rule try': {
		id?: string | number | boolean | null
		cluster?: string | number | boolean | null
		program?: string | number | boolean | null
		args?: string | number | boolean | null
		path?: string | number | boolean | null
		account?: string | number | boolean | null
		target?: string | number | boolean | null
		hours?: string | number | boolean | null
		since?: string | number | boolean | null
	}
	'command-rule check': {
		line: string | number | boolean | null
		cluster?: string | number | boolean | null
		account?: string | number | boolean | null
		target?: string | number | boolean | null
		directory?: string | number | boolean | null
	}
	'sql-rule add': {
		action: string | number | boolean | null
		cluster?: string | number | boolean | null
		group?: string | number | boolean | null
		target?: string | number | boolean | null
		user?: string | number | boolean | null
		role?: string | number | boolean | null
		dialect?: string | number | boolean | null
		database?: string | number | boolean | null
		tables?: string | number | boolean | null
		class?: (string | number)[]
		flag?: (string | number)[]
		without?: (string | number)[]
		hours?: string | number | boolean | null
		from?: (string | number)[]
		program?: string | number | boolean | null
		statements?: string | number | boolean | null
		rows?: string | number | boolean | null
		name?: string | number | boolean | null
		reason_en?: string | number | boolean | null
		reason_zh?: string | number | boolean | null
		enabled?: string | number | boolean | null
		place?: string | number | boolean | null
	}
	'sql-rule set': {
		id: string | number | boolean | null
		action?: string | number | boolean | null
		user?: string | number | boolean | null
		role?: string | number | boolean | null
		dialect?: string | number | boolean | null
		database?: string | number | boolean | null
		tables?: string | number | boolean | null
		class?: (string | number)[]
		flag?: (string | number)[]
		without?: (string | number)[]
		hours?: string | number | boolean | null
		from?: (string | number)[]
		program?: string | number | boolean | null
		statements?: string | number | boolean | null
		rows?: string | number | boolean | null
		name?: string | number | boolean | null
		reason_en?: string | number | boolean | null
		reason_zh?: string | number | boolean | null
		enabled?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'sql-rule move': {
		id: string | number | boolean | null
		to: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'sql-rule remove': {
		id: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'sql-rule list': Record<never, never>
	'sql-rule import': {
		cluster?: string | number | boolean | null
		group?: string | number | boolean | null
		target?: string | number | boolean | null
	}
	'sql-rule check': {
		target: string | number | boolean | null
		class?: (string | number)[]
		flag?: (string | number)[]
		table?: (string | number)[]
		database?: string | number | boolean | null
		user?: string | number | boolean | null
		program?: string | number | boolean | null
		address?: string | number | boolean | null
		statements?: string | number | boolean | null
		rows?: string | number | boolean | null
	}
	'sql-policy set': {
		target: string | number | boolean | null
		default?: string | number | boolean | null
		approval?: string | number | boolean | null
		approvers?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'sql-policy list': Record<never, never>
	'sql-request check': {
		target: string | number | boolean | null
		account?: string | number | boolean | null
		database?: string | number | boolean | null
		sql: string
	}
	'sql-request add': {
		target: string | number | boolean | null
		reason: string | number | boolean | null
		until: string | number | boolean | null
		account?: string | number | boolean | null
		database?: string | number | boolean | null
		starts?: string | number | boolean | null
		mode?: string | number | boolean | null
		stop_on_error?: string | number | boolean | null
		rows?: string | number | boolean | null
		sql: string
	}
	'sql-request revise': {
		id: string | number | boolean | null
		reason?: string | number | boolean | null
		until?: string | number | boolean | null
		database?: string | number | boolean | null
		starts?: string | number | boolean | null
		mode?: string | number | boolean | null
		stop_on_error?: string | number | boolean | null
		rows?: string | number | boolean | null
		sql: string
	}
	'sql-request list': {
		state?: string | number | boolean | null
	}
	'sql-request show': {
		id: string | number | boolean | null
	}
	'sql-request approve': {
		id: string | number | boolean | null
		reason?: string | number | boolean | null
		until?: string | number | boolean | null
		rows?: string | number | boolean | null
		sha256?: string | number | boolean | null
	}
	'sql-request refuse': {
		id: string | number | boolean | null
		reason: string | number | boolean | null
	}
	'sql-request withdraw': {
		id: string | number | boolean | null
		reason?: string | number | boolean | null
	}
	'channel add': {
		name: string | number | boolean | null
		kind: string | number | boolean | null
		address?: string | number | boolean | null
		from?: string | number | boolean | null
		login?: string | number | boolean | null
		tls?: string | number | boolean | null
		event?: (string | number)[]
		group?: string | number | boolean | null
		lang?: string | number | boolean | null
		ca?: (string | number)[]
		state?: string | number | boolean | null
		secret?: string
	}
	'channel set': {
		name: string | number | boolean | null
		address?: string | number | boolean | null
		from?: string | number | boolean | null
		login?: string | number | boolean | null
		tls?: string | number | boolean | null
		event?: (string | number)[]
		group?: string | number | boolean | null
		lang?: string | number | boolean | null
		ca?: (string | number)[]
		state?: string | number | boolean | null
		version?: string | number | boolean | null
		secret?: string
	}
	'channel remove': {
		name: string | number | boolean | null
	}
	'channel list': Record<never, never>
	'channel test': {
		name: string | number | boolean | null
		to?: string | number | boolean | null
	}
	'notice list': {
		state?: string | number | boolean | null
		limit?: string | number | boolean | null
	}
	'notice retry': {
		id: string | number | boolean | null
	}
	'notice drop': {
		id: string | number | boolean | null
	}
	'duty list': Record<never, never>
	'duty separate': {
		state: string | number | boolean | null
	}
	'role add': {
		name: string | number | boolean | null
		right?: (string | number)[]
		about?: string | number | boolean | null
	}
	'role set': {
		name: string | number | boolean | null
		right?: (string | number)[]
		about?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'role remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'role list': Record<never, never>
	'view save': {
		page: string | number | boolean | null
		name: string | number | boolean | null
		query: string | number | boolean | null
	}
	'view share': {
		id: string | number | boolean | null
		role?: string | number | boolean | null
	}
	'view remove': {
		id: string | number | boolean | null
	}
	'view columns': {
		page: string | number | boolean | null
		column?: (string | number)[]
	}
	'me favourite': {
		target: string | number | boolean | null
		state: string | number | boolean | null
	}
	'ssh-config': {
		user: string | number | boolean | null
	}
	'session list': {
		state?: string | number | boolean | null
		user?: string | number | boolean | null
		target?: string | number | boolean | null
	}
	'session kill': {
		id: string | number | boolean | null
		reason: string | number | boolean | null
	}
	'session lock': {
		id: string | number | boolean | null
		reason?: string | number | boolean | null
	}
	'session unlock': {
		id: string | number | boolean | null
		reason?: string | number | boolean | null
	}
	'session message': {
		id: string | number | boolean | null
		text: string | number | boolean | null
	}
	'recording list': {
		user?: string | number | boolean | null
		target?: string | number | boolean | null
	}
	'recording export': {
		id: string | number | boolean | null
		format: string | number | boolean | null
		from?: string | number | boolean | null
	}
	'recording index': {
		id: string | number | boolean | null
	}
	'recording find': {
		id: string | number | boolean | null
		text: string | number | boolean | null
	}
	'recording verify': {
		id: string | number | boolean | null
	}
	'file list': {
		since?: string | number | boolean | null
		until?: string | number | boolean | null
		user?: string | number | boolean | null
		target?: string | number | boolean | null
		session?: string | number | boolean | null
		sha256?: string | number | boolean | null
		path?: string | number | boolean | null
	}
	'file export': {
		id: string | number | boolean | null
	}
	'document set': {
		name: string | number | boolean | null
		rename?: string | number | boolean | null
		about?: string | number | boolean | null
		edition?: string | number | boolean | null
	}
	'document share': {
		name: string | number | boolean | null
		user?: (string | number)[]
		role?: (string | number)[]
		group?: (string | number)[]
		edition?: string | number | boolean | null
	}
	'document unshare': {
		name: string | number | boolean | null
		user?: (string | number)[]
		role?: (string | number)[]
		group?: (string | number)[]
		edition?: string | number | boolean | null
	}
	'document restore': {
		name: string | number | boolean | null
		version: string | number | boolean | null
		edition?: string | number | boolean | null
	}
	'document remove': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
		edition?: string | number | boolean | null
	}
	'document list': {
		text?: string | number | boolean | null
	}
	'document versions': {
		name: string | number | boolean | null
	}
	'document get': {
		name: string | number | boolean | null
		version?: string | number | boolean | null
		view?: string | number | boolean | null
		again?: string | number | boolean | null
	}
	'audit search': {
		since?: string | number | boolean | null
		until?: string | number | boolean | null
		text?: string | number | boolean | null
		user?: string | number | boolean | null
		target?: string | number | boolean | null
		kind?: (string | number)[]
		limit?: string | number | boolean | null
		before?: string | number | boolean | null
	}
	'audit save': {
		format: string | number | boolean | null
		since?: string | number | boolean | null
		until?: string | number | boolean | null
		text?: string | number | boolean | null
		user?: string | number | boolean | null
		target?: string | number | boolean | null
		kind?: (string | number)[]
	}
	'audit reindex': {
		recording?: string | number | boolean | null
		all?: string | number | boolean | null
	}
	'audit export': Record<never, never>
	'audit verify': {
		after?: string | number | boolean | null
		limit?: string | number | boolean | null
	}
	'settings list': Record<never, never>
	'settings get': {
		key: string | number | boolean | null
	}
	'settings set': {
		key: string | number | boolean | null
		value?: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'setup step': {
		step: string | number | boolean | null
	}
	'setup done': Record<never, never>
	'escrow set': {
		public_key: string | number | boolean | null
	}
	'samples remove': Record<never, never>
	'group retention': {
		group: string | number | boolean | null
		days: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'group requestable': {
		group: string | number | boolean | null
		requestable: string | number | boolean | null
		version?: string | number | boolean | null
	}
	'recording hold': {
		id: string | number | boolean | null
		reason: string | number | boolean | null
	}
	'recording release': {
		id: string | number | boolean | null
	}
	'retention run': Record<never, never>
	'backup sign': {
		hash: string | number | boolean | null
		files: string | number | boolean | null
		bytes: string | number | boolean | null
		key: string | number | boolean | null
		generation: string | number | boolean | null
	}
	'key rotate': {
		ca?: string | number | boolean | null
		host?: string | number | boolean | null
		users?: string | number | boolean | null
	}
	'public keys': Record<never, never>
	'doctor': Record<never, never>
}

/* What it answers. */
export interface Answers {
	'user add': {
		id: number
		name: string
		role: string
	}
	'user disable': {
		id: number
		name: string
		sessions: {
			session: string
			worker: string
		}[]
		state: string
	}
	'user remove': {
		id: number
		name: string
		removed: boolean
		sessions: {
			worker: string
			session: string
		}[]
	}
	'user enable': {
		id: number
		name: string
		state: string
	}
	'user set': {
		id: number
		lang: string
		mail?: string
		name: string
		role: string
		version: number
	}
	'user rename': {
		before: string
		id: number
		name: string
	}
	'user factor': {
		id: number
		name: string
		policy: string
	}
	'user password': {
		id: number
		name: string
	}
	'user list': {
		created: string
		id: number
		keys: string[]
		lang: string
		name: string
		password: boolean
		role: string
		state: string
		version: number
	}[]
	'factor list': ({
		codes_left: number
		enrolled: boolean
		name: string
		passkeys: number
		policy: string
		since: null | string
		state: string
	})[]
	'factor reset': {
		enrolled: boolean
		id: number
		name: string
	}
	'passkey list': {
		created: string
		id: string
		name: string
		site: string
		used: unknown
		user: string
	}[]
	'passkey begin': {
		challenge: string
		handle: string
		rp: string
		taken: unknown[]
		user: string
	}
	'passkey add': {
		id: string
		name: string
	}
	'passkey rename': {
		id: string
		name: string
	}
	'passkey remove': {
		id: string
		name: string
		removed: boolean
	}
	'me confirm': {
		fresh_until: string
	}
	'me password': {
		user: string
	}
	'me enrol': {
		user: string
	}
	'me language': {
		lang: string
		user: string
	}
	'me key-add': {
		key: string
	}
	'me key-remove': {
		key: string
	}
	'device forget': {
		forgotten: number
	}
	'certificate list': ({
		by: string
		issued: string
		key: string
		reason: string
		revoked: null | string
		revoked_by: null | string
		serial: number
		sources: string[]
		state: string
		until: string
		user: string
	})[]
	'certificate revoke': {
		revoked: number | null
		sessions: {
			session: string
			worker: string
		}[]
	}
	'certificate ca': {
		users: string
	}
	'console list': {
		address: string
		agent: string
		created: string
		current: boolean
		id: string
		seen: string
		user: string
	}[]
	'console end': {
		address: string
		agent: string
		created: string
		current: boolean
		id: string
		seen: string
		user: string
	}
	'console logout': {
		address: string
		agent: string
		created: string
		current: boolean
		id: string
		seen: string
		user: string
	}
	'token add': {
		created: string
		id: string
		name: string
		networks: string[]
		scopes: string[]
		state: string
		token?: string
		until: string
		used: unknown
		used_from: unknown
		user: string
	}
	'token list': ({
		created: string
		id: string
		name: string
		networks: string[]
		scopes: string[]
		state: string
		until: string
		used: null | string
		used_from: null | string
		user: string
	})[]
	'token revoke': {
		created: string
		id: string
		name: string
		networks: string[]
		scopes: string[]
		state: string
		until: string
		used: null | string
		used_from: null | string
		user: string
	}
	'access-password add': {
		created: string
		door: string
		factored: boolean
		id: number
		name: string
		networks: string[]
		password?: string
		state: string
		until: string
		used: unknown
		used_from: unknown
		user: string
	}
	'access-password list': ({
		created: string
		door: string
		factored: boolean
		id: number
		name: string
		networks: unknown[]
		state: string
		until: string
		used: null | string
		used_from: null | string
		user: string
	})[]
	'access-password revoke': {
		created: string
		door: string
		factored: boolean
		id: number
		name: string
		networks: unknown[]
		state: string
		until: string
		used: null | string
		used_from: null | string
		user: string
	}
	'group add': {
		id: number
		kind: string
		name: string
	}
	'group put': {
		id: number
		name: string
		targets: number
	}
	'group take': {
		id: number
		name: string
		targets: number
	}
	'group remove': {
		grants: number
		id: number
		name: string
		removed: boolean
	}
	'group rename': {
		before: string
		id: number
		name: string
	}
	'group list': {
		admins: string[]
		id: number
		kind: string
		name: string
		targets: string[]
		version: number
	}[]
	'group admin': {
		id: number
		name: string
		user: string
	}
	'cluster add': {
		id: number
		name: string
		networks: string[]
	}
	'cluster put': {
		id: number
		name: string
		targets: number
	}
	'cluster remove': {
		id: number
		name: string
		removed: boolean
	}
	'cluster set': {
		id: number
		name: string
		networks: string[]
		version: number
	}
	'cluster rename': {
		before: string
		id: number
		name: string
	}
	'cluster admin': {
		id: number
		name: string
		user: string
	}
	'cluster list': {
		admins: string[]
		id: number
		name: string
		networks: string[]
		targets: string[]
		version: number
	}[]
	'target add': {
		banner: string
		changed: boolean
		cluster: string
		host_key?: null | string
		id: number
		kind: string
		name: string
		pinned: boolean
		reachable: boolean
		say: string
	}
	'target set': {
		address: string
		charset: string
		database?: string
		id: number
		legacy: boolean
		name: string
		suspended: string[]
		tls?: boolean
	}
	'target rename': {
		before: string
		id: number
		name: string
	}
	'target remove': {
		id: number
		name: string
		removed: boolean
		sessions: {
			worker: string
			session: string
		}[]
	}
	'target list': ({
		accounts: {
			auth: string
			default: boolean
			name: string
			public_key: string
			suspended: boolean
		}[]
		address: string
		charset: string
		cluster: string
		groups: string[]
		host: string
		host_key: null | string
		id: number
		kind: string
		legacy: boolean
		name: string
		pinned: boolean
		pinned_at: null | string
		port: number
		version: number
	})[]
	'target test': {
		banner: string
		changed: boolean
		cluster: string
		host_key?: null | string
		id: number
		kind: string
		name: string
		pinned: boolean
		reachable: boolean
		say: string
	}
	'account set': {
		auth: string
		id: number
		name: string
		public_key: string
		target: string
	}
	'account remove': {
		id: number
		name: string
		removed: boolean
		sessions: {
			worker: string
			session: string
		}[]
		target: string
	}
	'grant add': {
		account: string
		concurrent: number
		copy: boolean
		features: string[]
		from: string[]
		group: null | string
		hours: string
		id: number
		idle: number
		paste: string
		paste_max: number
		target: null | string
		total: number
		until: null | string
		user: string
	}
	'grant remove': {
		account: string
		concurrent: number
		copy: boolean
		features: string[]
		from: string[]
		group: null | string
		hours: string
		id: number
		idle: number
		paste: string
		paste_max: number
		target: null | string
		total: number
		until: null | string
		user: string
	}
	'grant list': ({
		account: string
		concurrent: number
		copy: boolean
		created: string
		created_by: string
		expired: boolean
		features: string[]
		from: string[]
		group: null | string
		hours: string
		id: number
		idle: number
		online: number
		paste: string
		paste_max: number
		target: null | string
		total: number
		until: null | string
		user: string
	})[]
	'history list': {
		actor: string
		after: Record<string, unknown>
		at: string
		before: Record<string, unknown>
		event: string
	}[]
	'request add': {
		account: null | string
		answer: string
		asked: string
		decided: null | string
		decided_by: null | string
		detail: string
		extends: unknown
		id: number
		kind: string
		preapproval: null | string
		reason: string
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	}
	'request list': ({
		account: null | string
		answer: string
		asked: string
		decided: unknown
		decided_by: unknown
		detail: string
		extends: unknown
		id: number
		kind: string
		preapproval: unknown
		reason: string
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	})[]
	'request show': {
		account: null | string
		answer: string
		asked: string
		decided: null | string
		decided_by: null | string
		detail: string
		extends: number | null
		id: number
		kind: string
		preapproval: null | string
		reason: string
		risk: null | {
			grants: number
			here: string[]
			online: number
			refused: number
			role: string
		}
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	}
	'request approve': {
		account: null | string
		answer: string
		asked: string
		decided: null | string
		decided_by: null | string
		detail: string
		extends: number | null
		id: number
		kind: string
		preapproval: unknown
		reason: string
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	}
	'request refuse': {
		account: null | string
		answer: string
		asked: string
		decided: null | string
		decided_by: null | string
		detail: string
		extends: unknown
		id: number
		kind: string
		preapproval: unknown
		reason: string
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	}
	'request withdraw': {
		account: null | string
		answer: string
		asked: string
		decided: null | string
		decided_by: null | string
		detail: string
		extends: unknown
		id: number
		kind: string
		preapproval: unknown
		reason: string
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	}
	'request extend': {
		account: null | string
		answer: string
		asked: string
		decided: null | string
		decided_by: null | string
		detail: string
		extends: number | null
		id: number
		kind: string
		preapproval: null | string
		reason: string
		starts: string
		state: string
		targets: string[]
		until: string
		user: string
	}
	'preapproval add': {
		account: string
		created_by: string
		group: string
		id: number
		kind: string
		longest: number
		name: string
		role: null | string
		user: null | string
	}
	'preapproval remove': {
		account: string
		created_by: string
		group: string
		id: number
		kind: string
		longest: number
		name: string
		role: null | string
		user: unknown
	}
	'preapproval list': ({
		account: string
		created_by: string
		group: string
		id: number
		kind: string
		longest: number
		name: string
		role: null | string
		user: unknown
	})[]
	'sql-rule add': {
		action: string
		classes: string[]
		cluster: null | string
		database: string
		dialect: string
		enabled: string
		enforced: boolean
		flags: unknown[]
		from: unknown[]
		group: null | string
		hours: string
		id: number
		name: string
		place: number
		program: string
		reason_en: string
		reason_zh: string
		role: string
		rows: number
		statements: number
		tables: string
		target: null | string
		user: string
		version: number
		without: unknown[]
	}
	'sql-rule remove': {
		action: string
		classes: string[]
		cluster: null | string
		database: string
		dialect: string
		enabled: string
		enforced: boolean
		flags: unknown[]
		from: unknown[]
		group: null | string
		hours: string
		id: number
		name: string
		place: number
		program: string
		reason_en: string
		reason_zh: string
		role: string
		rows: number
		statements: number
		tables: string
		target: null | string
		user: string
		version: number
		without: unknown[]
	}
	'sql-rule list': ({
		action: string
		classes: string[]
		cluster: null | string
		database: string
		dialect: string
		enabled: string
		enforced: boolean
		flags: unknown[]
		from: unknown[]
		group: null | string
		hours: string
		id: number
		name: string
		place: number
		program: string
		reason_en: string
		reason_zh: string
		role: string
		rows: number
		statements: number
		tables: string
		target: null | string
		user: string
		version: number
		without: unknown[]
	})[]
	'sql-policy set': {
		approval: string
		approvers: null | string
		default: string
		enforced: boolean
		id: number
		kind: string
		target: string
		version: number
	}
	'sql-request check': {
		approvers: string[]
		approvers_group: string
		classes: string[]
		digest: string
		fingerprint: string
		flags: string[]
		rule: number | null
		rule_name: string
		statements: ({
			classes: string[]
			digest: string
			flags: string[]
			rule: number | null
			rule_name: string
			tables: string[]
			tables_known: boolean
			text: string
			verdict: string
		})[]
		tables: string[]
		verdict: string
	}
	'sql-request add': {
		account: string
		answer: string
		asked: string
		bytes: number
		classes: string[]
		database: string
		decided: null | string
		decided_by: null | string
		ended: null | string
		flags: string[]
		id: number
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		stop_on_error: string
		tables: string[]
		target: string
		until: string
		user: string
		verdict: string
	}
	'sql-request revise': {
		account: string
		answer: string
		asked: string
		bytes: number
		classes: string[]
		database: string
		decided: null | string
		decided_by: null | string
		ended: null | string
		flags: string[]
		id: number
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		stop_on_error: string
		tables: string[]
		target: string
		until: string
		user: string
		verdict: string
	}
	'sql-request list': ({
		account: string
		answer: string
		asked: string
		bytes: number
		classes: string[]
		database: string
		decided: null | string
		decided_by: null | string
		ended: null | string
		flags: string[]
		id: number
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		stop_on_error: string
		tables: string[]
		target: string
		until: string
		user: string
		verdict: string
	})[]
	'sql-request show': {
		account: string
		answer: string
		approvers: string[]
		asked: string
		bytes: number
		classes: string[]
		database: string
		decidable: boolean
		decided: null | string
		decided_by: null | string
		diff: {
			op: string
			text: string
		}[]
		ended: null | string
		fingerprint: string
		flags: string[]
		id: number
		list: ({
			classes: string[]
			code: number | null
			estimate: string
			flags: string[]
			n: number
			over: boolean
			rows: number | null
			rule: number | null
			rule_name: string
			sqlstate: string
			state: string
			tables: string[]
			tables_known: boolean
			text: string
			us: number | null
			verdict: string
			words: string
		})[]
		mine: boolean
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		risk: null | {
			done: number
			failed: number
			online: number
			refused: number
			role: string
		}
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		steps: {
			actor: string
			at: string
			step: string
			words: string
		}[]
		stop_on_error: string
		tables: string[]
		target: string
		text: string
		until: string
		user: string
		verdict: string
	}
	'sql-request approve': {
		account: string
		answer: string
		asked: string
		bytes: number
		classes: string[]
		database: string
		decided: null | string
		decided_by: null | string
		ended: null | string
		flags: string[]
		id: number
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		stop_on_error: string
		tables: string[]
		target: string
		until: string
		user: string
		verdict: string
	}
	'sql-request refuse': {
		account: string
		answer: string
		asked: string
		bytes: number
		classes: string[]
		database: string
		decided: null | string
		decided_by: null | string
		ended: null | string
		flags: string[]
		id: number
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		stop_on_error: string
		tables: string[]
		target: string
		until: string
		user: string
		verdict: string
	}
	'sql-request withdraw': {
		account: string
		answer: string
		asked: string
		bytes: number
		classes: string[]
		database: string
		decided: null | string
		decided_by: null | string
		ended: null | string
		flags: string[]
		id: number
		mode: string
		reason: string
		revised_by: number | null
		revises: number | null
		rows: number | null
		say: string
		session: null | string
		sha256: string
		started: null | string
		starts: string
		state: string
		statements: number
		stop_on_error: string
		tables: string[]
		target: string
		until: string
		user: string
		verdict: string
	}
	'duty list': {
		duty: string
		roles: string[]
		separate: boolean
		users: string[]
	}[]
	'duty separate': {
		duties: {
			duty: string
			roles: string[]
			separate: boolean
			users: string[]
		}[]
		separate: string
	}
	'session list': ({
		account: string
		address: string
		bytes_in: number
		bytes_out: number
		cluster: string
		ended: null | string
		id: string
		layer?: string
		locked: boolean
		protocol: string
		reached: null | string
		reason: string
		rule: string
		session: string
		started: string
		state: string
		target: string
		user: string
	})[]
	'session kill': {
		account: string
		address: string
		bytes_in: number
		bytes_out: number
		cluster: string
		ended: unknown
		id: string
		layer?: string
		locked: boolean
		protocol: string
		reached: null | string
		reason: string
		rule: string
		session: string
		started: string
		state: string
		target: string
		user: string
		worker: string
	}
	'session lock': {
		id: string
		rule: string
		user: string
		ended: unknown
		state: string
		locked: boolean
		reason: string
		target: string
		worker: string
		account: string
		address: string
		cluster: string
		reached: null | string
		session: string
		started: string
		bytes_in: number
		protocol: string
		bytes_out: number
	}
	'session unlock': {
		id: string
		rule: string
		user: string
		ended: unknown
		state: string
		locked: boolean
		reason: string
		target: string
		worker: string
		account: string
		address: string
		cluster: string
		reached: null | string
		session: string
		started: string
		bytes_in: number
		protocol: string
		bytes_out: number
	}
	'recording list': ({
		account: string
		address: string
		bytes_in: number
		bytes_out: number
		cluster: string
		ended: null | string
		head: null | string
		held_by: unknown
		hold: unknown
		id: string
		locked: boolean
		protocol: string
		reached: null | string
		reason: string
		recording: string
		recording_reason: string
		removed: null | string
		rule: string
		seq: number
		session: string
		signature: null | string
		signed_us: number
		size: number
		started: string
		state: string
		target: string
		tombstone: null | string
		user: string
	})[]
	'recording find': {
		at: string
		channel: number
		second: number
		text: string
	}[]
	'recording verify': {
		anchored: boolean
		head: null | string
		id: string
		reason?: string
		removed?: null | string
		seq: number
		session: string
		state: string
		verified: boolean
	}
	'file list': ({
		account: string
		channel: number
		ended: null | string
		from: number
		id: string
		kept: boolean
		number: number
		op: string
		path: string
		protocol: string
		ranges: number
		session: string
		sha256: null | string
		size: number
		started: string
		state: string
		target: string
		to: string
		user: string
		why: string
	})[]
	'document set': {
		about: string
		changed: string
		changed_by: string
		charset: string
		edition: number
		groups: unknown[]
		id: number
		name: string
		roles: unknown[]
		sha256: string
		size: number
		type: string
		users: unknown[]
		version: number
	}
	'document share': {
		about: string
		changed: string
		changed_by: string
		charset: string
		edition: number
		groups: string[]
		id: number
		name: string
		roles: string[]
		sha256: string
		size: number
		type: string
		users: string[]
		version: number
	}
	'document unshare': {
		about: string
		changed: string
		changed_by: string
		charset: string
		edition: number
		groups: unknown[]
		id: number
		name: string
		roles: unknown[]
		sha256: string
		size: number
		type: string
		users: unknown[]
		version: number
	}
	'document restore': {
		about: string
		changed: string
		changed_by: string
		charset: string
		edition: number
		groups: unknown[]
		id: number
		name: string
		roles: string[]
		sha256: string
		size: number
		type: string
		users: unknown[]
		version: number
	}
	'document remove': {
		about: string
		changed: string
		changed_by: string
		charset: string
		edition: number
		groups: unknown[]
		id: number
		name: string
		removed?: boolean
		roles: unknown[]
		sha256: string
		size: number
		type: string
		users: unknown[]
		version: number
	}
	'document list': {
		about: string
		changed: string
		changed_by: string
		charset: string
		edition: number
		groups: string[]
		id: number
		name: string
		roles: string[]
		sha256: string
		size: number
		type: string
		users: unknown[]
		version: number
	}[]
	'document versions': {
		charset: string
		current: boolean
		note: string
		removed: boolean
		sha256: string
		size: number
		type: string
		uploaded: string
		uploaded_by: string
		version: number
	}[]
	'audit search': ({
		actor?: string
		at: string
		body?: Record<string, unknown>
		channel?: number
		id: number | string
		kind: string
		next: string
		offset: number | null
		session: null | string
		target: null | string
		text: string
		uid?: string
		user: null | string
	})[]
	'audit reindex': {
		recordings: number
	}
	'audit verify': {
		events: number
		head: string
		heads: number
		key: string
		last: number
		more: boolean
		seq: number
		verified: boolean
	}
	'settings list': {
		about: string
		name: string
		value: string
	}[]
	'settings get': {
		about: string
		name: string
		value: string
	}
	'settings set': {
		name: string
		value: string
	}
	'setup done': {
		done: boolean
	}
	'escrow set': {
		name: string
		value: string
	}
	'samples remove': {
		name: string
		targets: number
	}
	'group retention': {
		days: string
		name: string
	}
	'group requestable': {
		id: number
		name: string
		requestable: string
	}
	'recording hold': {
		account: string
		address: string
		bytes_in: number
		bytes_out: number
		cluster: string
		ended: null | string
		head: null | string
		held_by: null | string
		hold: null | string
		id: string
		locked: boolean
		protocol: string
		reached: null | string
		reason: string
		recording: string
		recording_reason: string
		removed: unknown
		rule: string
		seq: number
		session: string
		signature: null | string
		signed_us: number
		size: number
		started: string
		state: string
		target: string
		tombstone: unknown
		user: string
	}
	'recording release': {
		account: string
		address: string
		bytes_in: number
		bytes_out: number
		cluster: string
		ended: null | string
		head: null | string
		held_by: unknown
		hold: unknown
		id: string
		locked: boolean
		protocol: string
		reached: null | string
		reason: string
		recording: string
		recording_reason: string
		removed: unknown
		rule: string
		seq: number
		session: string
		signature: null | string
		signed_us: number
		size: number
		started: string
		state: string
		target: string
		tombstone: unknown
		user: string
	}
	'retention run': {
		removed: number
	}
	'key rotate': {
		generation: number
		refused: number
		resealed: number
	}
	'public keys': {
		ca: string
		generation: number
		host: string
		sign: string
		users: string
	}
	'doctor': {
		name: string
		say: string
		state: string
	}[]
}
