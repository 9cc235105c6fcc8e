import type { Position } from '../../document/position';
import { pointerTo } from '../../document/json-pointer';
import { placeInText } from '../../document/text-place';
import type { Fault } from '../../foundation/fault';
import { nearestName } from '../../foundation/nearest-name';
import { nameOf } from './fault-words';
import { PACK_REMEDIES, type PackFaultCode } from './pack-fault';
import type { Written } from './written';

/** Maximum number of suggestions. After so many misspelt names the list is sufficient. */
const MAX_GUESSES = 200;

/** Positions of the parts of a document. */
export interface Places {
  readonly positionOf: (pointer: string) => Position;
  readonly keyPositionOf: (pointer: string) => Position;
  /** The document. */
  readonly text: string;
}

/** A place in the received document. */
export interface Location extends Position {
  /** JSON pointer into the received document. */
  readonly path: string;
}

/** Options of a fault. */
interface FaultNote {
  readonly remediation?: string;
  /** Report the fault at the entry's key instead of its value. */
  readonly key?: boolean;
  /** The missing entry. Its siblings are valid. */
  readonly missing?: string;
  /** The value that is unknown because of the fault, if it is more than the place of the fault. */
  readonly about?: string;
  /** Report the fault inside the text at this place: at this UTF-16 offset of the text after reading. */
  readonly offset?: number;
  readonly text?: string;
}

/**
 * One pass over one manifest. Collects faults, and records where the parts of the normalised manifest were written. Callers pass pointers
 * into the normalised manifest; faults contain pointers into the author's document.
 */
export class Reading {
  readonly faults: Fault[] = [];
  readonly #moved = new Map<string, string>();
  readonly #faulty = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #hidden: ReadonlySet<string>;
  #steps = 0;
  #isKey = false;
  #guesses = 0;
  #lines: readonly string[] | null = null;

  /** `unread`: places of the document whose value could not be read. Further faults about them are redundant. */
  constructor(
    private readonly places: Places,
    unread: Iterable<string> = [],
  ) {
    this.#hidden = new Set(unread);
  }

  /** Records where a part of the normalised manifest was written. */
  place(at: string, written: Written, parentAt: string, name: string | number): void {
    if (written.at !== pointerTo(this.writtenAt(parentAt), name)) this.#moved.set(at, written.at);
  }

  /** The pointer in the author's document for a pointer of the normalised manifest. */
  writtenAt(at: string): string {
    for (let end = at.length; end > 0; end = at.lastIndexOf('/', end - 1)) {
      const moved = this.#moved.get(at.slice(0, end));
      if (moved !== undefined) return moved + at.slice(end);
    }
    return at;
  }

  /** Position of a part of the normalised manifest in the document. */
  locate(at: string, key = false): Location {
    const path = this.writtenAt(at);
    return { path, ...(key ? this.places.keyPositionOf(path) : this.places.positionOf(path)) };
  }

  /** Adds a fault at a place of the normalised manifest. */
  fault(code: PackFaultCode, at: string, message: string, note: FaultNote = {}): void {
    this.#faulty.add(at);
    this.#unknown.add(note.about ?? (note.missing === undefined ? at : pointerTo(at, note.missing)));
    const location = this.locate(at, note.key ?? this.#isKey);
    if (this.#hidden.has(location.path)) return;
    this.faults.push({
      code,
      ...location,
      ...this.positionWithin(location, note),
      message,
      remediation: note.remediation ?? PACK_REMEDIES[code],
    });
  }

  private positionWithin(start: Position, { text, offset }: FaultNote): Position | null {
    if (text === undefined || offset === undefined) return null;
    this.#lines ??= this.places.text.split('\n');
    return placeInText(this.#lines, start, text, offset);
  }

  /** The nearest known name, or null. */
  guess(name: string, known: readonly string[]): string | null {
    return ++this.#guesses > MAX_GUESSES ? null : nearestName(name, known);
  }

  /** Validates the name of an entry. Faults are reported at the key. */
  judgeKey<T>(judge: () => T): T {
    this.#isKey = true;
    try {
      return judge();
    } finally {
      this.#isKey = false;
    }
  }

  /** The name in messages of the value, or of the entry's name, at a place. */
  subject(at: string): string {
    return this.#isKey ? `A name in ${nameOf(at.slice(0, at.lastIndexOf('/')))}` : nameOf(at);
  }

  /** True if there is a fault at exactly this place, or its value could not be read. */
  isFaulty(at: string): boolean {
    return this.#faulty.has(at) || this.#hidden.has(this.writtenAt(at));
  }

  /** Places with unknown values, in the normalised manifest and in the document. */
  get unknown(): readonly string[] {
    return [...this.#unknown, ...this.#hidden];
  }

  /** Counts one more step and returns how many there are. */
  countStep(): number {
    return ++this.#steps;
  }
}
