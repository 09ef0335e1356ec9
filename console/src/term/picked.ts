/* Files that somebody chose or dropped, each with its path below the folder of the target. */
export interface Picked {
	file: File
	path: string // "a.txt", "folder/a.txt"
}

export function ofInput(files: FileList | null): Picked[] {
	return [...(files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }))
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
	return new Promise((done, fail) => entry.file(done, fail))
}

function some(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
	return new Promise((done, fail) => reader.readEntries(done, fail))
}

async function walk(entry: FileSystemEntry, path: string, into: Picked[]) {
	const name = path + entry.name
	if (entry.isFile) into.push({ file: await fileOf(entry as FileSystemFileEntry), path: name })
	if (!entry.isDirectory) return
	const reader = (entry as FileSystemDirectoryEntry).createReader()
	for (let found = await some(reader); found.length > 0; found = await some(reader))
		for (const below of found) await walk(below, name + '/', into)
}

/* The entries must be taken before anything is awaited: the list is empty afterwards. */
export async function ofDrop(items: DataTransferItemList): Promise<Picked[]> {
	const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
	const found: Picked[] = []
	for (const entry of entries) await walk(entry, '', found)
	return found
}

/* Every folder that these need, outer ones first. */
export function foldersOf(picked: Picked[]): string[] {
	const found = new Set<string>()
	for (const { path } of picked) {
		const names = path.split('/').slice(0, -1)
		names.forEach((_, n) => found.add(names.slice(0, n + 1).join('/')))
	}
	return [...found].sort((a, b) => a.split('/').length - b.split('/').length || a.localeCompare(b))
}
