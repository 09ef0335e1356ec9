import { may } from '@/me'

export const GROUPS = ['work', 'watch', 'inventory', 'rules', 'audit', 'system', 'own'] as const

export interface PageEntry {
	path: string
	text: string // key
	group: (typeof GROUPS)[number]
	permission?: string
	badge?: boolean // shows how many requests wait
}

const ALL: PageEntry[] = [
	{ path: '/', text: 'menu.home', group: 'work' },
	{ path: '/terminals', text: 'menu.terminals', group: 'work' },
	{ path: '/requests', text: 'requests.mine', group: 'work', permission: 'request.ask' },
	{ path: '/approve', text: 'requests.to_approve', group: 'work', permission: 'request.decide', badge: true },
	{ path: '/sql', text: 'sql_request.title', group: 'work', permission: 'sql.list' },
	{ path: '/documents', text: 'documents.title', group: 'work', permission: 'document.read' },
	{ path: '/inventory/clouds', text: 'cloud.title', group: 'work', permission: 'cloud.list' },
	{ path: '/sessions', text: 'menu.online', group: 'watch', permission: 'session.list' },
	{ path: '/wall', text: 'wall.title', group: 'watch', permission: 'session.watch' },
	{ path: '/history', text: 'menu.history', group: 'watch', permission: 'session.list' },
	{ path: '/inventory/targets', text: 'inventory.targets', group: 'inventory', permission: 'target.list' },
	{ path: '/inventory/accounts', text: 'inventory.accounts', group: 'inventory', permission: 'target.list' },
	{ path: '/inventory/templates', text: 'credentials.templates', group: 'inventory', permission: 'template.list' },
	{ path: '/inventory/passwords', text: 'rotation.passwords', group: 'inventory', permission: 'rotation.list' },
	{ path: '/inventory/rotations', text: 'rotation.runs', group: 'inventory', permission: 'rotation.list' },
	{ path: '/inventory/groups', text: 'inventory.groups', group: 'inventory', permission: 'group.list' },
	{ path: '/inventory/clusters', text: 'inventory.clusters', group: 'inventory', permission: 'cluster.list' },
	{ path: '/inventory/grants', text: 'inventory.grants', group: 'rules', permission: 'grant.list' },
	{ path: '/inventory/preapprovals', text: 'requests.preapprovals', group: 'rules', permission: 'request.policy_list' },
	{ path: '/inventory/secure_modes', text: 'rules.secure_modes', group: 'rules', permission: 'rule.list' },
	{ path: '/inventory/command_rules', text: 'rules.command_rules', group: 'rules', permission: 'rule.list' },
	{ path: '/inventory/sql_rules', text: 'rules.sql_rules', group: 'rules', permission: 'rule.list' },
	{ path: '/inventory/sql_policies', text: 'rules.sql_policies', group: 'rules', permission: 'rule.list' },
	{ path: '/inventory/rotation_policies', text: 'rotation.policies', group: 'rules', permission: 'rotation.list' },
	{ path: '/inventory/cloud_users', text: 'cloud.users_title', group: 'rules', permission: 'cloud.allow' },
	{ path: '/audit', text: 'menu.audit', group: 'audit', permission: 'audit.search' },
	{ path: '/files', text: 'menu.files', group: 'audit', permission: 'file.list' },
	{ path: '/inventory/users', text: 'inventory.users', group: 'system', permission: 'user.list' },
	{ path: '/roles', text: 'roles.title', group: 'system', permission: 'user.list' },
	{ path: '/inventory/channels', text: 'notify.channels', group: 'system', permission: 'channel.list' },
	{ path: '/inventory/notices', text: 'notify.outbox', group: 'system', permission: 'notice.list' },
	{ path: '/inventory/settings', text: 'inventory.settings', group: 'system', permission: 'settings.read' },
	{ path: '/inventory/tokens', text: 'tokens.title', group: 'own', permission: 'token.list' },
	{ path: '/inventory/access_passwords', text: 'access_passwords.title', group: 'own', permission: 'access_password.list' },
	{ path: '/me', text: 'signin.title', group: 'own' },
	{ path: '/my-sessions', text: 'menu.mine', group: 'own' },
]

/* What this person's menu has. */
export function pages(): PageEntry[] {
	return ALL.filter((page) => !page.permission || may(page.permission))
}
