import { joinBytes } from '../../foundation/join-bytes';
import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Page } from '../../journal/page';
import type { Carried } from './carried';
import type { Envelope } from '../encoding/envelope';

/** A file of the pack; `bytes` is null where only its digest is at hand. */
export interface PackFile {
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly executable: boolean;
  readonly bytes: Uint8Array | null;
}

/**
 * Replaces a file that held a secret (docs/guides/evidence-and-verification.md, Contents of a bundle). `unseen`: replaces, in a draft, what an Attestor is not shown. Only drafts and
 * bundles of earlier versions contain digest and size of the file: they make it possible to guess a weak secret.
 */
export type Withheld = {
  readonly path: string;
  readonly size?: number;
  readonly sha256?: Digest;
  readonly withheld: 'secret' | 'unseen';
};

/** A gate that was reached: its request and what it showed. */
export interface GateDocument {
  /** RFC 8785 text of the gate request. */
  readonly request: string;
  /** RFC 8785 text of `show`, or the notice in its place. */
  readonly show: string | Withheld;
}

/** Placeholder for bytes that are too large to hold in memory. They are read again from their source when needed. */
export interface Unheld {
  readonly size: number;
  readonly sha256: Digest;
}

/** One execution's stream: the bytes of its chunks, concatenated. A stream that was read from a bundle is never `Unheld`. */
export interface LogStream {
  readonly step: string;
  readonly execution: number;
  readonly data: Uint8Array | Unheld | Withheld;
}

/** Values that no document of the bundle proves. The statement asserts them on the signer's authority. */
export interface Asserted {
  /** Builder id; see `builderIdOf`. */
  readonly builder: string;
  /** Head of the tenant's audit chain when the run was sealed. */
  readonly audit: { readonly seq: number; readonly head: Digest | null };
  /**
   * What the bundle carries besides its documents. Absent: it is derived from the evidence. A draft asserts it, because its reader sees
   * only part of the evidence. Null: the version of the statement does not record it.
   */
  readonly carried?: Carried | null;
}

/**
 * Everything that the statement and the bundle of an ended run consist of, and everything that can be read back from a bundle. The producer
 * fills it from `RunRecords`, the journal's pages, the log chunks and the object store, the verifier from the files. Both then build the
 * same statement, which is the check `statement.agrees`.
 */
export interface RunEvidence {
  readonly admission: Envelope;
  /** RFC 8785 texts, byte for byte as admitted. */
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
  /** The manifest as normalised (RFC 8785 text), every other file of the pack, and its publishers' signatures, one a key. */
  readonly pack: {
    readonly manifest: string;
    readonly files: readonly PackFile[];
    readonly signatures: readonly { readonly envelope: Envelope; readonly hint: string }[];
  };
  /** The whole journal in order. Some of `values` may be missing. */
  readonly pages: readonly Page[];
  /** In any order. */
  readonly gates: readonly GateDocument[];
  readonly decisions: readonly Envelope[];
  /** In any order. */
  readonly resolutions: readonly Envelope[];
  readonly logs: readonly LogStream[];
  /** Releases by which operators had the evidence sealed, in the order in which they were made. */
  readonly releases?: readonly Envelope[];
  /** Files other than logs, artifacts and gate contents that are withheld because a release names them, sorted. */
  readonly released?: readonly string[];
  /** Attempts of each closed egress socket, as NDJSON text. The journal holds its sha256 (`egress.closed.log`). */
  readonly egress: ReadonlyMap<Digest, string>;
  /** Documents of the sandbox probes (RFC 8785 texts) whose digests `run.claimed` names, as far as they are available. */
  readonly probes: ReadonlyMap<Digest, string>;
  /** Bytes of the artifacts that the bundle carries. */
  readonly artifacts: ReadonlyMap<Digest, Uint8Array | Withheld>;
  readonly asserted: Asserted;
}

/** Concatenates the chunks of a run (in any order) to streams, sorted by step and execution. */
export function streamsOf(
  chunks: readonly {
    readonly step: string;
    readonly execution: number;
    readonly chunk: number;
    readonly data: Uint8Array;
  }[],
): readonly LogStream[] {
  const sorted = [...chunks].sort(
    (a, b) => (a.step < b.step ? -1 : a.step > b.step ? 1 : 0) || a.execution - b.execution || a.chunk - b.chunk,
  );
  const streams: { step: string; execution: number; parts: Uint8Array[] }[] = [];
  for (const { step, execution, data } of sorted) {
    const last = streams.at(-1);
    if (last?.step === step && last.execution === execution) last.parts.push(data);
    else streams.push({ step, execution, parts: [data] });
  }
  return streams.map(({ step, execution, parts }) => ({ step, execution, data: joinBytes(parts) }));
}

/** True for bytes that are held. */
export function isHeld(value: string | Uint8Array | Unheld | Withheld): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** True for a notice that replaces a file. */
export function isWithheld(value: string | Uint8Array | Unheld | Withheld): value is Withheld {
  return typeof value === 'object' && 'withheld' in value;
}

/** A value as JSON: documents are closed types, which TypeScript does not see as JSON objects. */
export function asJson(document: object): Json {
  return document as Json;
}
