/** The name of a place in a message: its last name, or for a list element the name of the list with the index. */
export function nameOf(at: string): string {
  if (at === '') return 'The document';
  const names = at.split('/');
  const last = names.at(-1) ?? '';
  const above = names.at(-2) ?? '';
  return shown(
    /^[0-9]+$/.test(last) && above !== '' ? `${above}[${last}]` : last.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
}

/** A caller's text in a message: shortened and without terminal control characters. */
export function shown(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return /^[\x20-\x7e\u2026]*$/.test(cut)
    ? cut
    : JSON.stringify(cut).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
