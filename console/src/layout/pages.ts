import { may } from '@/me'

export interface PageEntry {
	path: string
	text: string // key
	group: 'work' | 'watch' | 'inventory' | 'audit'
	permission?: string
	badge?: boolean // shows how many requests wait
}

const ALL: PageEntry[] = [
	{ path: '/', text: 'menu.home', group: 'work' },
	{ path: '/terminals', text: 'menu.terminals', group: 'work' },
	{ path: '/requests', text: 'requests.mine', group: 'work', permission: 'request.ask' },
	{ path: '/approve', text: 'requests.to_approve', group: 'work', permission: 'request.decide', badge: true },
	{ path: '/documents', text: 'documents.title', group: 'work', permission: 'document.read' },
	{ path: '/sessions', text: 'menu.online', group: 'watch', permission: 'session.list' },
	{ path: '/history', text: 'menu.history', group: 'watch', permission: 'session.list' },
	{ path: '/inventory/targets', text: 'inventory.targets', group: 'inventory', permission: 'target.list' },
	{ path: '/inventory/accounts', text: 'inventory.accounts', group: 'inventory', permission: 'target.list' },
	{ path: '/inventory/groups', text: 'inventory.groups', group: 'inventory', permission: 'group.list' },
	{ path: '/inventory/clusters', text: 'inventory.clusters', group: 'inventory', permission: 'cluster.list' },
	{ path: '/inventory/users', text: 'inventory.users', group: 'inventory', permission: 'user.list' },
	{ path: '/inventory/grants', text: 'inventory.grants', group: 'inventory', permission: 'grant.list' },
	{ path: '/roles', text: 'roles.title', group: 'inventory', permission: 'user.list' },
	{ path: '/inventory/preapprovals', text: 'requests.preapprovals', group: 'inventory', permission: 'request.policy_list' },
	{ path: '/inventory/settings', text: 'inventory.settings', group: 'inventory', permission: 'settings.read' },
	{ path: '/audit', text: 'menu.audit', group: 'audit', permission: 'audit.search' },
	{ path: '/files', text: 'menu.files', group: 'audit', permission: 'file.list' },
	{ path: '/inventory/tokens', text: 'tokens.title', group: 'work', permission: 'token.list' },
	{ path: '/me', text: 'signin.title', group: 'work' },
	{ path: '/my-sessions', text: 'menu.mine', group: 'work' },
]
export const GROUPS = ['work', 'watch', 'inventory', 'audit'] as const

/* What this person's menu has. */
export function pages(): PageEntry[] {
	return ALL.filter((page) => !page.permission || may(page.permission))
}
