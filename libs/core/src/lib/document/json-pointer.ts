/** Appends a step to a JSON pointer (RFC 6901 §3). `~` and `/` are escaped. */
export function pointerTo(parent: string, name: string | number): string {
  if (typeof name === 'number' || !(name.includes('~') || name.includes('/'))) return `${parent}/${name}`;
  return `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The names in a JSON pointer (RFC 6901 §4). The empty pointer has none. */
export function pointerNames(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}
