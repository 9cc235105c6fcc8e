/** What a person has entered for a decision that they have not made. */
export interface Draft {
  readonly reason: string;
  /** Entries of the form, by name; sensitive ones are not among them. */
  readonly entries: Readonly<Record<string, string>>;
}

const PREFIX = 'taskrunner.draft ';
const NOTHING: Draft = { reason: '', entries: {} };

/** What people have entered at gates, kept in this tab until they decide or sign out: a new sign-in and a reload do not lose it. */
export class Drafts {
  constructor(private readonly storage: Storage) {}

  /** `name` tells the person and the gate digest, so that nobody finds what another person has entered. */
  read(name: string): Draft {
    const text = this.storage.getItem(PREFIX + name);
    return (text === null ? null : read(text)) ?? NOTHING;
  }

  keep(name: string, change: Partial<Draft>): void {
    this.storage.setItem(PREFIX + name, JSON.stringify({ ...this.read(name), ...change }));
  }

  forget(name: string): void {
    this.storage.removeItem(PREFIX + name);
  }

  forgetAll(): void {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at));
    for (const key of keys) if (key?.startsWith(PREFIX) === true) this.storage.removeItem(key);
  }
}

/** The name of a draft. */
export function draftName(person: { readonly iss: string; readonly sub: string }, gateDigest: string): string {
  return JSON.stringify([person.iss, person.sub, gateDigest]);
}

function read(text: string): Draft | null {
  try {
    const { reason, entries } = JSON.parse(text) as Partial<Record<keyof Draft, unknown>>;
    if (typeof reason !== 'string' || typeof entries !== 'object' || entries === null) return null;
    const texts = Object.entries(entries).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { reason, entries: Object.fromEntries(texts) };
  } catch {
    return null;
  }
}
