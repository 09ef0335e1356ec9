/* What each tile of a wall shows: who is shown and still wanted stays where he is, the others fill what is free, in their order. */
export function settle(shown: string[], wanted: string[]): string[] {
	const kept = shown.slice(0, wanted.length).map((id) => (wanted.includes(id) ? id : ''))
	const rest = wanted.filter((id) => !kept.includes(id))
	return wanted.map((_, at) => kept[at] || rest.shift()!)
}

/* How many times smaller or larger a picture must be to fit. */
export function scaleOf(place: { width: number; height: number }, picture: { width: number; height: number }): number {
	if (place.width <= 0 || place.height <= 0 || picture.width <= 0 || picture.height <= 0) return 1
	return Math.min(place.width / picture.width, place.height / picture.height, 1)
}
