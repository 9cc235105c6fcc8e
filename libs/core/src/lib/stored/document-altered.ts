import { CodedError } from '../foundation/coded-error';
import type { RunId, TenantId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';

/** Documents of a run that rows hold. Few and fixed: a metric has them as its label. */
export const STORED_DOCUMENTS = [
  'plan',
  'profile',
  'environment',
  /** The signed record, and the columns that repeat it. */
  'admission',
  'inputs',
  /** The manifest and the listing of files, which have one digest together. */
  'pack',
  /** The request of a gate, and the columns that repeat it. */
  'gate',
  /** What a gate shows. */
  'show',
  'decision',
  'resolution',
  'outputs',
  'journal',
  'log',
  'probe',
  /** Where the evidence stands. */
  'evidence',
] as const;
export type StoredDocument = (typeof STORED_DOCUMENTS)[number];

/** What a row holds, beside what it should hold. Digests, or short values of columns that repeat a signed record: nothing of a document. */
export interface Alteration {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly document: StoredDocument;
  /** Which one, or which part of it. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** The code of this floor. */
export type StoredDocumentCode = 'DOCUMENT_ALTERED';

const REMEDY =
  'Do not rely on any data of this run. The operator finds the document and both digests in the log (event `alarm`), and restores the rows or starts the run again.';
const SHOWN_CHARACTERS = 200;

/** A row is not the document that its digest names. `others`: what was found beside the first. */
export class DocumentAltered extends CodedError<StoredDocumentCode> {
  static {
    this.brand('DocumentAltered');
  }

  override readonly name = 'DocumentAltered';

  constructor(
    readonly first: Alteration,
    readonly others: readonly Alteration[] = [],
  ) {
    super('DOCUMENT_ALTERED', alterationText(first), REMEDY);
  }

  /** All that was found. */
  get all(): readonly Alteration[] {
    return [this.first, ...this.others];
  }
}

/** What was found, in a line: with both digests, and with nothing of the document. */
export function alterationText({ runId, what, expected, found }: Alteration): string {
  return `${what} of run ${runId} has been altered: expected ${shown(expected)}, found ${shown(found)}`;
}

/** The detail of the alarm about it. */
export function alarmOf({ document, what, expected, found }: Alteration): JsonObject {
  return { document, what, expected: shown(expected), found: shown(found) };
}

function shown(value: string): string {
  const line = value.replaceAll(/[^\x20-\x7e]/g, '?');
  return line.length <= SHOWN_CHARACTERS ? line : `${line.slice(0, SHOWN_CHARACTERS)}…`;
}

/** Does the same with each of several rows. Throws one `DocumentAltered` for all that are altered, after the last. */
export function compareEach<Row, Value>(rows: readonly Row[], compare: (row: Row) => Value): readonly Value[] {
  const compared: Value[] = [];
  const altered: Alteration[] = [];
  for (const row of rows) {
    try {
      compared.push(compare(row));
    } catch (error) {
      if (!DocumentAltered.is(error)) throw error;
      altered.push(...error.all);
    }
  }
  const [first, ...others] = altered;
  if (first) throw new DocumentAltered(first, others);
  return compared;
}
