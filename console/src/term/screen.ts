/*
 * screen - xterm.js as every terminal here uses it: live, watched, replayed.
 *
 * A picture that is only watched is told by a stranger's session: nothing it prints may do more than text, colours and the
 * cursor, and no answer leaves for anyone.
 */
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { Unicode11Addon } from '@xterm/addon-unicode11'
import { Terminal, type ITerminalOptions } from '@xterm/xterm'

const FONTS = '"DejaVu Sans Mono", "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", "Sarasa Mono SC", "Microsoft YaHei Mono", monospace'
const THEME = {
	background: '#14171c',
	foreground: '#e6e8eb',
	cursor: '#7fb3ff',
	selectionBackground: '#3d5a80',
	black: '#1e2127',
	brightBlack: '#8a919e',
	red: '#ff7b72',
	green: '#7ee787',
	yellow: '#e3b341',
	blue: '#79b8ff',
	magenta: '#d2a8ff',
	cyan: '#56d4dd',
	white: '#d0d4da',
}
// Those that xterm.js itself does something for; it passes over the others.
const OSC = [0, 1, 2, 4, 8, 10, 11, 12, 52, 104, 110, 111, 112]
const DCS = [{ intermediates: '$', final: 'q' }, { intermediates: '+', final: 'q' }, { final: 'q' }]

export interface ScreenOptions {
	live: boolean
	reader: boolean // for a screen reader
	openLink: (address: string) => void
}

function optionsOf(of: ScreenOptions): ITerminalOptions {
	return {
		allowProposedApi: true,
		convertEol: false,
		cursorBlink: false,
		disableStdin: !of.live,
		fontFamily: FONTS,
		fontSize: 14,
		lineHeight: 1.15, // some fonts draw _ below a line that is only as high as the font says
		scrollback: of.live ? 10_000 : 2_000,
		screenReaderMode: of.reader,
		theme: THEME,
		linkHandler: { activate: (_, address) => of.openLink(address), allowNonHttpProtocols: false },
	}
}

export class Screen {
	readonly term: Terminal
	readonly search = new SearchAddon()
	private readonly fitter = new FitAddon()

	constructor(private readonly of: ScreenOptions) {
		this.term = new Terminal(optionsOf(of))
		this.term.loadAddon(this.fitter)
		this.term.loadAddon(this.search)
		this.term.loadAddon(new Unicode11Addon())
		this.term.unicode.activeVersion = '11'
		if (!of.live) this.quieten()
		else this.term.parser.registerOscHandler(52, () => true) // the clipboard is the person's
	}

	private quieten() {
		for (const id of OSC) this.term.parser.registerOscHandler(id, () => true)
		for (const id of DCS) this.term.parser.registerDcsHandler(id, () => true)
	}

	async mount(place: HTMLElement) {
		this.term.open(place)
		if (this.of.live && drawsFast()) await this.useGraphics()
	}

	private async useGraphics() {
		const { WebglAddon } = await import('@xterm/addon-webgl')
		const addon = new WebglAddon()
		addon.onContextLoss(() => addon.dispose())
		try {
			this.term.loadAddon(addon)
		} catch {
			addon.dispose() // the ordinary renderer goes on
		}
	}

	/* What fits into its place now; nothing while it is not to be seen. */
	fit(): { columns: number; rows: number } | null {
		const fits = this.fitter.proposeDimensions()
		if (!fits || !Number.isFinite(fits.cols) || !Number.isFinite(fits.rows) || fits.cols < 2 || fits.rows < 1) return null
		if (fits.cols !== this.term.cols || fits.rows !== this.term.rows) this.term.resize(fits.cols, fits.rows)
		return { columns: this.term.cols, rows: this.term.rows }
	}

	/* Draws a whole screen in place of what was there. */
	redraw(columns: number, rows: number, bytes: Uint8Array | string, shown?: () => void) {
		this.term.reset()
		if (!this.of.live && columns > 0 && rows > 0) this.term.resize(columns, rows)
		this.term.write(bytes, shown)
	}

	dispose() {
		this.term.dispose()
	}
}

/* Graphics that are computed on the processor are slower than the page itself. */
function drawsFast(): boolean {
	const gl = document.createElement('canvas').getContext('webgl2')
	const info = gl?.getExtension('WEBGL_debug_renderer_info')
	if (!gl || !info) return false
	const name = String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL))
	gl.getExtension('WEBGL_lose_context')?.loseContext()
	return !/swiftshader|llvmpipe|software/i.test(name)
}
