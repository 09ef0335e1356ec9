/*
 * markdown - Markdown as elements: text, lists, tables, code and links, nothing that loads or runs.
 *
 * Trust: the text is hostile.  HTML in it is shown as it was typed; what marked makes is cleaned by DOMPurify with a list of our own, and comes
 *        out as nodes, never as a string.  Links open elsewhere and tell nothing; pictures are links.
 */
import DOMPurify from 'dompurify'
import { Marked } from 'marked'

const TAGS = ['a', 'b', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'li', 'ol', 'p', 'pre', 'strong',
	'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul']
const plain = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')

const marked = new Marked({
	gfm: true,
	async: false,
	renderer: {
		html: ({ text }) => plain(text),
		image: ({ href, text }) => `<a href="${plain(href)}">${plain(text || href)}</a>`,
		checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
	},
})

export function render(text: string): DocumentFragment {
	const made = DOMPurify.sanitize(marked.parse(text) as string, {
		ALLOWED_TAGS: TAGS,
		ALLOWED_ATTR: ['href', 'align', 'start'],
		ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
		ALLOW_DATA_ATTR: false,
		RETURN_DOM_FRAGMENT: true,
	})
	for (const link of made.querySelectorAll('a')) {
		link.setAttribute('target', '_blank')
		link.setAttribute('rel', 'noopener noreferrer nofollow')
	}
	// The page has its own h1.
	for (const heading of made.querySelectorAll('h1')) {
		const lower = document.createElement('h2')
		lower.append(...heading.childNodes)
		heading.replaceWith(lower)
	}
	return made
}
