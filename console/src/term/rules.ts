/* rules - what the grant says of pasting and copying in this terminal.  The server holds to the first; the second is the page's word alone. */
export interface Rules {
	paste: 'allow' | 'ask' | 'deny'
	pasteMax: number // bytes; 0 = no limit of the grant's
	copy: boolean
}
export const USUAL: Rules = { paste: 'ask', pasteMax: 0, copy: true }

export type Verdict = 'type' | 'ask' | 'denied' | 'too_large'

/* bytes: of what would be typed; dangerous: several lines, much, or what nobody sees. */
export function judge(rules: Rules, bytes: number, dangerous: boolean): Verdict {
	if (rules.paste === 'deny') return 'denied'
	if (rules.pasteMax > 0 && bytes > rules.pasteMax) return 'too_large'
	return rules.paste === 'ask' && dangerous ? 'ask' : 'type'
}
