import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { packedBeside } from './build/packed'

// The server replaces __CSP_NONCE__ in index.html with a fresh value for every response.
export default defineConfig({
	plugins: [vue(), packedBeside(1024)],
	html: { cspNonce: '__CSP_NONCE__' },
	resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
	define: {
		__VUE_OPTIONS_API__: 'true', // Element Plus has components of that kind
		__VUE_PROD_DEVTOOLS__: 'false',
		__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
		__VUE_I18N_FULL_INSTALL__: 'false',
		__VUE_I18N_LEGACY_API__: 'false',
		__INTLIFY_PROD_DEVTOOLS__: 'false',
	},
	build: {
		target: 'es2022',
		modulePreload: { polyfill: false },
		assetsInlineLimit: 0, // fonts and pictures are files: the policy has no data: for them
		reportCompressedSize: false,
	},
	server: {
		host: '127.0.0.1', // without it localhost is looked up, which a bare machine does not know
		proxy: { '/api': { target: process.env.YANMEN_URL ?? 'https://127.0.0.1:8443', secure: false, ws: true } },
	},
	test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
