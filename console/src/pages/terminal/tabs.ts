import { ElMessage } from '@/ui/app'
import { reactive, watch } from 'vue'
import type { Router } from 'vue-router'
import { post } from '@/api/client'
import type { Opened } from '@/api/types'
import { wordsOf } from '@/words'
import { inPlaceOf, PANES_MAX, readLayout, splitAt, without, type Layout, type Way } from './layout'

/* The terminals of this browser tab, one or several in each tab.  Their ids outlive a reload: the sessions do. */
export interface Pane {
	id: string
	target: string
	account: string
	ticket?: string // of a new one; used once
}
export interface Tab {
	key: string
	name: string // given by the person; '' = that of its first pane
	panes: Pane[]
	layout: Layout
	current: string // the pane that is typed into
	together: boolean // all of them are typed into; not kept: it is switched on with open eyes
}
const KEPT = 'yanmen.workspace'
const NAME_MAX = 60
const isId = (id: unknown): id is string => typeof id === 'string' && /^[\w-]{1,64}$/.test(id)

function tabOf(pane: Pane): Tab {
	return { key: pane.id, name: '', panes: [pane], layout: { pane: pane.id }, current: pane.id, together: false }
}

function keptTab(row: Partial<Tab> | null): Tab | null {
	const rows = Array.isArray(row?.panes) ? row.panes.slice(0, PANES_MAX).filter((pane) => isId(pane?.id)) : []
	if (!row || !isId(row.key) || rows.length === 0) return null
	const panes = rows.map(({ id, target, account }) => ({ id, target: String(target), account: String(account) }))
	const ids = panes.map((pane) => pane.id)
	const layout = readLayout(row.layout, ids) ?? ids.slice(1).reduce<Layout>((all, id) => splitAt(all, ids[0]!, 'column', id), { pane: ids[0]! })
	const current = ids.find((id) => id === row.current) ?? ids[0]!
	return { key: row.key, name: String(row.name ?? '').slice(0, NAME_MAX), panes, layout, current, together: false }
}

function kept(): { all: Tab[]; current: string } {
	try {
		const { all, current } = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as { all?: unknown; current?: unknown }
		const found = (Array.isArray(all) ? (all as Partial<Tab>[]) : []).map(keptTab).filter((tab) => tab !== null)
		return { all: found, current: found.find((tab) => tab.key === current)?.key ?? found[0]?.key ?? '' }
	} catch {
		return { all: [], current: '' }
	}
}

export const tabs = reactive(kept())

watch(
	() => ({
		current: tabs.current,
		all: tabs.all.map(({ key, name, panes, layout, current }) => ({ key, name, layout, current, panes: panes.map(({ id, target, account }) => ({ id, target, account })) })),
	}),
	(now) => sessionStorage.setItem(KEPT, JSON.stringify(now)),
)

export const nameOfPane = (pane: Pane) => (pane.account ? `${pane.account}@${pane.target}` : pane.target)

export function nameOf(tab: Tab) {
	const more = tab.panes.length > 1 ? ` +${tab.panes.length - 1}` : ''
	return tab.name || nameOfPane(tab.panes[0]!) + more
}

/* A new session; null when there is none, and the person was told why. */
async function begin(target: string, account?: string): Promise<Pane | null> {
	try {
		const opened = await post<Opened>('/terminals', account ? { target, account } : { target })
		return { id: opened.id, target, account: account ?? '', ticket: opened.ticket }
	} catch (problem) {
		ElMessage.error(wordsOf(problem))
		return null
	}
}

export async function openTerminal(router: Router, target: string, account?: string) {
	const pane = await begin(target, account)
	if (!pane) return
	tabs.all.push(tabOf(pane))
	tabs.current = pane.id
	await router.push('/terminals')
}

/* In half of the place of the pane that is current; the tab may have been closed before it comes. */
export async function openBeside(tab: Tab, way: Way, target: string, account?: string) {
	const pane = await begin(target, account)
	if (!pane) return
	if (!tabs.all.includes(tab)) {
		tabs.all.push(tabOf(pane))
		return
	}
	tab.panes.push(pane)
	tab.layout = splitAt(tab.layout, tab.current, way, pane.id)
	tab.current = pane.id
}

/* The same again in the place of one that has ended. */
export async function openAgain(tab: Tab, old: Pane) {
	const pane = await begin(old.target, old.account || undefined)
	if (!pane) return
	const at = tab.panes.findIndex((one) => one.id === old.id)
	if (at < 0) {
		tabs.all.push(tabOf(pane))
		return
	}
	tab.layout = inPlaceOf(tab.layout, old.id, pane.id)
	tab.panes.splice(at, 1, pane)
	if (tab.current === old.id) tab.current = pane.id
}

export function closePane(tab: Tab, id: string) {
	const layout = without(tab.layout, id)
	if (!layout) return closeTab(tab.key)
	tab.layout = layout
	tab.panes = tab.panes.filter((pane) => pane.id !== id)
	if (tab.current === id) tab.current = tab.panes[0]!.id
	if (tab.panes.length === 1) tab.together = false
}

export function closeTab(key: string) {
	const at = tabs.all.findIndex((tab) => tab.key === key)
	if (at < 0) return
	tabs.all.splice(at, 1)
	if (tabs.current === key) tabs.current = tabs.all[Math.min(at, tabs.all.length - 1)]?.key ?? ''
}

/* Before the tab that stands at `to` now. */
export function moveTab(key: string, to: number) {
	const at = tabs.all.findIndex((tab) => tab.key === key)
	if (at < 0 || to < 0 || to >= tabs.all.length) return
	tabs.all.splice(to, 0, ...tabs.all.splice(at, 1))
}

export function renameTab(tab: Tab, name: string) {
	tab.name = name.trim().slice(0, NAME_MAX)
}

export function choosePane(tab: Tab, id: string) {
	tab.current = id
}
export function arrange(tab: Tab, layout: Layout) {
	tab.layout = layout
}
export function typeTogether(tab: Tab, on: boolean) {
	tab.together = on
}

/* A ticket is good for one connection. */
export function takeTicket(pane: Pane): string | undefined {
	const ticket = pane.ticket
	delete pane.ticket
	return ticket
}
