/* "Later" holds for this tab; the next sign-in begins with it again, until it is ended for good. */
const KEPT = 'yanmen.welcome.later'
export function putOff() {
	sessionStorage.setItem(KEPT, '1')
}
export function isPutOff() {
	return sessionStorage.getItem(KEPT) === '1'
}
