import type { Json } from '@taskrunner/core/foundation';
import { EVENT_EXAMPLES } from './examples/events';
import { EVIDENCE_EXAMPLES } from './examples/evidence';
import { GATE_EXAMPLES } from './examples/gates';
import { LOG_EXAMPLES } from './examples/logs';
import { PACK_EXAMPLES } from './examples/packs';
import { PLAN_EXAMPLES } from './examples/plans';
import { RUN_EXAMPLES } from './examples/runs';
import { SCHEDULE_EXAMPLES } from './examples/schedules';
import { RUN, digest, manifest } from './examples/values';

/** Examples of the OpenAPI document: one of each request and answer. */
export const EXAMPLES = {
  ...RUN_EXAMPLES,
  ...LOG_EXAMPLES,
  ...PLAN_EXAMPLES,
  ...GATE_EXAMPLES,
  ...PACK_EXAMPLES,
  ...EVENT_EXAMPLES,
  ...EVIDENCE_EXAMPLES,
  ...SCHEDULE_EXAMPLES,
  manifest,
  upload: { digest: digest('c'), size: 52_428, expiresAt: '2026-11-25T10:00:00.000Z' },
  worker: {
    workerId: '019ab3b1-14ba-7d23-9c4e-b2a6f0c8d1e7',
    name: 'worker-1',
    release: { version: '0.1.0', build: digest('c') },
    since: '2026-11-24T09:00:00.000Z',
    lastHeartbeatAt: '2026-11-24T10:00:09.000Z',
    leaseUntil: '2026-11-24T10:00:39.000Z',
    labels: ['gpu'],
    slots: 16,
    isolations: ['bwrap-open/v2'],
    environments: [digest('4')],
    probe: {
      digest: digest('8'),
      profiles: [
        { profile: 'bwrap-open/v2', available: true, reason: null, tried: ['the metadata address', 'raw sockets'] },
      ],
    },
    runs: { total: 1, latest: [RUN] },
    assignments: 0,
  },
  me: {
    person: { iss: 'https://id.example.org', sub: 'u-17', name: 'Ada', kind: 'person' },
    actors: [],
    tenant: 'acme',
    tenants: ['acme'],
    scopes: ['packs.read', 'packs.run'],
    grants: [],
    expiresAt: '2026-11-24T11:00:00.000Z',
  },
  errorCode: {
    code: 'GATE_STALE',
    status: 409,
    title: 'The gate request has changed',
    remediation: 'Review the gate again, and decide on its current request.',
    retryable: false,
  },
} satisfies Readonly<Record<string, Json>>;
