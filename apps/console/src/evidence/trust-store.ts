const KEY = 'taskrunner.trust';

/** A trust file as a person gave it. */
export interface TrustText {
  readonly name: string;
  readonly text: string;
}

/** The trust file that this browser remembers because a person asked for it; null if there is none. */
export function storedTrust(storage: Storage): TrustText | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
    if (typeof value !== 'object' || value === null || !('name' in value) || !('text' in value)) return null;
    const { name, text } = value;
    return typeof name === 'string' && typeof text === 'string' ? { name, text } : null;
  } catch {
    return null;
  }
}

/** Remembers a trust file in this browser; null forgets it. */
export function storeTrust(storage: Storage, trust: TrustText | null): void {
  if (trust === null) storage.removeItem(KEY);
  else storage.setItem(KEY, JSON.stringify({ name: trust.name, text: trust.text }));
}
