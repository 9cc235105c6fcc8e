import type { Schema } from './operation';
import { actors } from './schemas/actors';
import { envelope } from './schemas/envelope';
import { EVENT_SCHEMAS } from './schemas/events';
import { EVIDENCE_SCHEMAS } from './schemas/evidence';
import { GATE_SCHEMAS } from './schemas/gates';
import { LOG_SCHEMAS } from './schemas/logs';
import { PACK_SCHEMAS } from './schemas/packs';
import { PLAN_SCHEMAS } from './schemas/plans';
import { PROBLEM_SCHEMAS } from './schemas/problems';
import { RUN_SCHEMAS } from './schemas/runs';
import { SCHEDULE_SCHEMAS } from './schemas/schedules';
import { WORKER_SCHEMAS } from './schemas/workers';

import { closed, digest, flag, instant, listOf, maybeText, text, whole } from './schemas/shapes';

/** All components of responses. */
export const SCHEMAS = {
  ...PROBLEM_SCHEMAS,
  Envelope: envelope,
  ...RUN_SCHEMAS,
  ...EVENT_SCHEMAS,
  Upload: closed({ digest, size: whole, expiresAt: instant }),
  ...LOG_SCHEMAS,
  ...PLAN_SCHEMAS,
  ...GATE_SCHEMAS,
  ...PACK_SCHEMAS,
  ...WORKER_SCHEMAS,
  ...EVIDENCE_SCHEMAS,
  ...SCHEDULE_SCHEMAS,
  Me: closed({
    person: closed({ iss: text, sub: text, name: text, kind: { type: 'string', enum: ['person', 'client'] } }),
    actors: {
      ...actors,
      description: 'Actors that act for the person (`act` of the token, RFC 8693), outermost first.',
    },
    tenant: text,
    tenants: listOf(text),
    scopes: listOf(text),
    grants: listOf(text),
    expiresAt: instant,
  }),
  ErrorCode: closed({ code: text, status: whole, title: text, remediation: text, retryable: flag }),
} satisfies Readonly<Record<string, Schema>>;

/** A reference to one of `SCHEMAS`. */
export function ref(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A page of a list. */
export function pageOf(name: keyof typeof SCHEMAS): Schema {
  return closed({ items: listOf(ref(name)), nextCursor: maybeText });
}
