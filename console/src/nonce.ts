/*
 * xterm.js puts its rules into <style> elements.  The content security policy lets in only those with the nonce of this page.
 */
export function nonceForStyles() {
	const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce
	if (!nonce) return
	const create = document.createElement.bind(document)
	document.createElement = ((name: string, options?: ElementCreationOptions) => {
		const element = create(name, options)
		if (name.toLowerCase() === 'style') element.nonce = nonce
		return element
	}) as typeof document.createElement
}
