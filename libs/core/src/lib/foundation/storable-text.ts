/**
 * A text for people that every store can hold: U+0000 and unpaired surrogates become U+FFFD. PostgreSQL's `text` cannot hold the first, and
 * UTF-8 has no form of the second. It is not for data, which is stored as it is.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** A value whose texts and keys are storable. */
export function storableTexts<Value>(value: Value): Value {
  if (typeof value === 'string') return storableText(value) as Value;
  if (Array.isArray(value)) return value.map(storableTexts) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [storableText(name), storableTexts(part)] as const);
  return Object.fromEntries(entries) as Value;
}
