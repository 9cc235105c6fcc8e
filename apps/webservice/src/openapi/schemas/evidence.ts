import type { Schema } from '../operation';
import { envelope } from './envelope';
import { closed, digest, instant, mapOf, maybeDigest, object, whole } from './shapes';

/** Schemas of attestations and the audit chain. */
export const EVIDENCE_SCHEMAS = {
  Attestations: closed({ statements: mapOf(object) }),
  AuditEntry: closed({ seq: whole, at: whole, prev: maybeDigest, hash: digest, event: object }),
  AuditCheckpoint: closed({ count: whole, head: digest, at: instant, envelope }),
} satisfies Readonly<Record<string, Schema>>;
