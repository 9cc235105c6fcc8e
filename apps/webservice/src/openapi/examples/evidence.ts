import type { Json } from '@taskrunner/core/foundation';
import { RUN, envelope } from './values';

/** Examples of attestations, released files and the audit chain. */
export const EVIDENCE_EXAMPLES = {
  release: { paths: ['pack/files/deploy.sh'], reason: 'The secret was changed. The script contains the old value.' },
  released: { runId: RUN, paths: ['pack/files/deploy.sh'], receipt: envelope },
  attestations: { statements: { 'pack-run': { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' } } },
  auditEntry: {
    seq: 1,
    at: 1_795_000_000_000,
    prev: null,
    hash: `sha256:${'3a'.repeat(32)}`,
    event: {
      type: 'run.sealed',
      runId: RUN,
      bundle: `sha256:${'5c'.repeat(32)}`,
      statement: `sha256:${'7e'.repeat(32)}`,
    },
  },
  auditCheckpoint: {
    count: 1,
    head: `sha256:${'3a'.repeat(32)}`,
    at: '2026-11-24T10:05:00.000Z',
    envelope: { ...(envelope as object), payloadType: 'application/vnd.taskrunner.checkpoint+json' },
  },
} satisfies Readonly<Record<string, Json>>;
