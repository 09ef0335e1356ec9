import { createRouter, createWebHistory } from 'vue-router'
import { whenSignedOut } from '@/api/client'
import { forgetMe, loadMe, me } from '@/me'
import { isPutOff } from '@/pages/welcome/later'

declare module 'vue-router' {
	interface RouteMeta {
		open?: boolean // without a login
		title?: string // key of a text
	}
}

export const router = createRouter({
	history: createWebHistory(),
	routes: [
		{ path: '/login', component: () => import('@/pages/login/LoginPage.vue'), meta: { open: true, title: 'login.title' } },
		{
			path: '/',
			component: () => import('@/layout/ShellLayout.vue'),
			children: [
				{ path: '', component: () => import('@/pages/home/HomePage.vue'), meta: { title: 'menu.home' } },
				{ path: 'terminals', component: () => import('@/pages/terminal/TerminalPage.vue'), meta: { title: 'menu.terminals' } },
				{ path: 'sessions', component: () => import('@/pages/sessions/OnlinePage.vue'), meta: { title: 'menu.online' } },
				{ path: 'wall', component: () => import('@/pages/wall/WallPage.vue'), meta: { title: 'wall.title' } },
				{ path: 'history', component: () => import('@/pages/sessions/HistoryPage.vue'), meta: { title: 'menu.history' } },
				{ path: 'sessions/:id/replay', component: () => import('@/pages/replay/ReplayPage.vue'), meta: { title: 'replay.title' } },
				{ path: 'inventory/:what', component: () => import('@/pages/list/InventoryPage.vue'), meta: { title: 'menu.inventory' } },
				{ path: 'documents', component: () => import('@/pages/documents/DocumentsPage.vue'), meta: { title: 'documents.title' } },
				{ path: 'documents/:id', component: () => import('@/pages/documents/DocumentPage.vue'), meta: { title: 'documents.title' } },
				{ path: 'audit', component: () => import('@/pages/audit/AuditPage.vue'), meta: { title: 'menu.audit' } },
				{ path: 'files', component: () => import('@/pages/audit/FilesPage.vue'), meta: { title: 'menu.files' } },
				{ path: 'requests', component: () => import('@/pages/requests/MyRequestsPage.vue'), meta: { title: 'requests.mine' } },
				{ path: 'roles', component: () => import('@/pages/roles/RolesPage.vue'), meta: { title: 'roles.title' } },
				{ path: 'approve', component: () => import('@/pages/requests/ApprovePage.vue'), meta: { title: 'requests.to_approve' } },
				{ path: 'sql', component: () => import('@/pages/sqlrequests/SqlRequestsPage.vue'), meta: { title: 'sql_request.title' } },
				{ path: 'files/documents', component: () => import('@/pages/audit/DocumentFilesPage.vue'), meta: { title: 'menu.files' } },
				{ path: 'my-sessions', component: () => import('@/pages/home/MySessionsPage.vue'), meta: { title: 'menu.mine' } },
				{ path: 'welcome', component: () => import('@/pages/welcome/WelcomePage.vue'), meta: { title: 'welcome.title' } },
				{ path: 'me', component: () => import('@/pages/me/MePage.vue'), meta: { title: 'signin.title' } },
				{ path: ':rest(.*)', component: () => import('@/pages/home/NothingPage.vue'), meta: { title: 'nothing.title' } },
			],
		},
	],
})

router.beforeEach(async (to) => {
	if (to.meta.open) return true
	if (!me.value) await loadMe() // leads to the login when there is none
	if ((me.value?.due || me.value?.passkey_due) && to.path !== '/me') return '/me'
	if (me.value?.setup && to.path === '/' && !isPutOff()) return '/welcome'
	return me.value ? true : { path: '/login', query: { next: to.fullPath } }
})

whenSignedOut(() => {
	forgetMe()
	const at = router.currentRoute.value
	if (!at.meta.open && at.matched.length > 0) void router.push({ path: '/login', query: { next: at.fullPath } })
})
