import { CodedError } from '../foundation/coded-error';
import type { RunId, TenantId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';

/** Documents that are stored in rows, of runs and schedules. The set is small and fixed, because it is a label of a metric. */
export const STORED_DOCUMENTS = [
  'plan',
  'profile',
  'environment',
  /** The signed record, and the columns that duplicate it. */
  'admission',
  'inputs',
  /** The manifest and the listing of files, which share one digest. */
  'pack',
  /** The request of a gate, and the columns that duplicate it. */
  'gate',
  /** The document that a gate shows. */
  'show',
  'decision',
  'resolution',
  'outputs',
  /** The columns of an artifact's row. */
  'artifact',
  /** Columns of a run that cannot be shown. */
  'run',
  /** The status of a run. */
  'status',
  /** The row of a step that has ended. */
  'step',
  'journal',
  'log',
  'probe',
  /** The positions of the evidence. */
  'evidence',
  /** The signed record of a schedule, and the columns that duplicate it. */
  'schedule',
  /** The row of an idempotency key. */
  'idempotency',
  /** The counter of an audit chain. */
  'audit',
] as const;
export type StoredDocument = (typeof STORED_DOCUMENTS)[number];

/**
 * What a row contains and what it should contain: digests, or short values of columns that duplicate a signed record. It contains no text
 * of a document.
 */
export interface Alteration {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly document: StoredDocument;
  /** Which document, or which part of it. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** The altered row only refers to the run, which is as it was: it is not marked and not halted. */
  readonly sparesRun?: true;
}

/** The code of this layer. */
export type StoredDocumentCode = 'DOCUMENT_ALTERED';

const REMEDY =
  'Do not rely on any data of this run. The operator finds the document and both digests in the log (event `alarm`), and restores the rows or starts the run again.';
const SHOWN_CHARACTERS = 200;

/** A row does not contain the document that its digest names. `others`: further findings. */
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

  /** All findings. */
  get all(): readonly Alteration[] {
    return [this.first, ...this.others];
  }
}

/** The finding on one line, with both digests and without text of the document. */
export function alterationText({ runId, what, expected, found }: Alteration): string {
  return `${what} of run ${runId} has been altered: expected ${shown(expected)}, found ${shown(found)}`;
}

/** The detail of the alarm. */
export function alarmOf({ document, what, expected, found }: Alteration): JsonObject {
  return { document, what, expected: shown(expected), found: shown(found) };
}

function shown(value: string): string {
  const line = value.replaceAll(/[^\x20-\x7e]/g, '?');
  return line.length <= SHOWN_CHARACTERS ? line : `${line.slice(0, SHOWN_CHARACTERS)}…`;
}

/** Performs a check for each of several rows. Throws one `DocumentAltered` for all altered rows at the end. */
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
