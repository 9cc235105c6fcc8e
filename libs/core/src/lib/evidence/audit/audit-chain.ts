import { digestOf } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Envelope } from '../encoding/envelope';
import { EvidenceError } from '../encoding/evidence-error';
import { anyJson, closed, digest, nullable, readShape, whole } from '../encoding/shape';
import { parseStrictJson } from '../encoding/strict-json';

/** An entry of a tenant's audit chain: `hash` is over the RFC 8785 text of `{at, event, prev, seq}`. */
export interface AuditEntry {
  /** From 1. */
  readonly seq: number;
  /** Database time, milliseconds since the epoch. */
  readonly at: number;
  /** Hash of the entry before; null for the first. */
  readonly prev: Digest | null;
  readonly hash: Digest;
  readonly event: JsonObject;
}

const entryShape = closed<AuditEntry>({
  seq: whole,
  at: whole,
  prev: nullable(digest),
  hash: digest,
  event: anyJson as unknown as (value: Json | undefined) => JsonObject,
});

/** Reads an export, one entry a line. Throws `EVIDENCE_JSON` or `EVIDENCE_SHAPE`, with the number of the line. */
export function readAuditExport(ndjson: string): readonly AuditEntry[] {
  return linesOf(ndjson).map((line, i) => readShape(entryShape, parsed(line, i), `line ${i + 1} of the audit export`));
}

/** Reads a file of checkpoints: DSSE envelopes, one a line; nothing is verified. Throws as `readAuditExport`. */
export function readCheckpointFile(ndjson: string): readonly Envelope[] {
  return linesOf(ndjson).map((line, i) => parsed(line, i) as unknown as Envelope);
}

function linesOf(ndjson: string): readonly string[] {
  return ndjson.split('\n').filter((line) => line.trim() !== '');
}

function parsed(line: string, i: number): Json {
  try {
    return parseStrictJson(line);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EvidenceError('EVIDENCE_JSON', `line ${i + 1}: ${reason}`, 'Write one JSON value on each line.', [], {
      cause,
    });
  }
}

/** The first entry that breaks the chain, and why; null if the chain holds. The first entry given need not be the tenant's first. */
export function chainFault(entries: readonly AuditEntry[]): { readonly seq: number; readonly reason: string } | null {
  let last: AuditEntry | null = null;
  for (const entry of entries) {
    const { seq, at, prev, hash, event } = entry;
    const fault = (reason: string) => ({ seq, reason });
    if (last === null ? seq < 1 || (seq === 1) !== (prev === null) : seq !== last.seq + 1)
      return fault(last === null ? 'the chain does not begin here' : `entry ${last.seq + 1} is missing`);
    if (last !== null && prev !== last.hash) return fault('it does not follow the entry before');
    if (last !== null && at < last.at) return fault('its time is before that of the entry before');
    if (digestOf({ at, event, prev, seq }) !== hash) return fault('its hash is not that of its content');
    last = entry;
  }
  return null;
}
