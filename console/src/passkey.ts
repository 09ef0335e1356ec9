/*
 * passkey - the browser's authenticators (WebAuthn Level 2), with bytes as the server says them: base64url without padding.
 */
export interface Asked {
	challenge: string
	rp: string
	credentials: string[]
}
export interface Begun {
	challenge: string
	rp: string
	user: string
	handle: string
	taken: string[]
}

export function bytesOf(text: string): Uint8Array {
	const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
	return Uint8Array.from(plain, (c) => c.charCodeAt(0))
}

export function textOf(bytes: ArrayBuffer | null): string {
	if (!bytes) return ''
	return btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const described = (id: string) => ({ type: 'public-key' as const, id: bytesOf(id) as BufferSource })

export function hasPasskeys(): boolean {
	return typeof PublicKeyCredential === 'function' && isSecureContext
}

/* The address by an IP address has none: a passkey belongs to a name. */
export function isNamed(host = location.hostname): boolean {
	return !/^[\d.]+$/.test(host) && !host.includes(':')
}

/* What `passkey add` takes, but for the name.  Throws when the person leaves. */
export async function makePasskey(begun: Begun) {
	const made = (await navigator.credentials.create({
		publicKey: {
			challenge: bytesOf(begun.challenge) as BufferSource,
			rp: { id: begun.rp, name: 'Yanmen' },
			user: { id: bytesOf(begun.handle) as BufferSource, name: begun.user, displayName: begun.user },
			pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key' as const, alg })),
			authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
			excludeCredentials: begun.taken.map(described),
			attestation: 'none',
			timeout: 110_000,
		},
	})) as PublicKeyCredential
	const said = made.response as AuthenticatorAttestationResponse
	return { credential: textOf(made.rawId), client_data: textOf(said.clientDataJSON), authenticator_data: textOf(said.getAuthenticatorData()) }
}

/* The answer to a login's challenge. */
export async function usePasskey(asked: Asked) {
	const got = (await navigator.credentials.get({
		publicKey: {
			challenge: bytesOf(asked.challenge) as BufferSource,
			rpId: asked.rp,
			allowCredentials: asked.credentials.map(described),
			userVerification: 'required',
			timeout: 110_000,
		},
	})) as PublicKeyCredential
	const said = got.response as AuthenticatorAssertionResponse
	return {
		id: textOf(got.rawId),
		client_data: textOf(said.clientDataJSON),
		authenticator_data: textOf(said.authenticatorData),
		signature: textOf(said.signature),
		user: textOf(said.userHandle),
	}
}
