/* Roles and rights, as the server has them. */
export type Width = 'all' | 'own' | ''
export interface Role {
	id: string
	name: string
	about: string
	permissions: Record<string, 'all' | 'own'>
	aside: Record<string, 'all' | 'own'>
	users: number
	custom: boolean
	version: number
}
export interface Right {
	name: string
	duty: string
	free: boolean // an added role may have it
	base: boolean // every role has it
	own: boolean // it can be had for one's own groups and clusters alone
}

/* What `role add` takes. */
export function rightsOf(chosen: Record<string, Width>): string[] {
	return Object.entries(chosen)
		.filter(([, width]) => width !== '')
		.map(([right, width]) => (width === 'own' ? `${right}:own` : right))
}
