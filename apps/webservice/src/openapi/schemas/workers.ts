import type { Schema } from '../operation';
import { closed, digest, flag, instant, listOf, maybe, maybeText, text, whole } from './shapes';

/** Schemas of workers. */
export const WORKER_SCHEMAS = {
  Worker: closed({
    workerId: { ...text, description: 'Id of the session. A restarted worker has another id.' },
    name: text,
    release: closed({ version: text, build: digest }),
    since: instant,
    lastHeartbeatAt: instant,
    leaseUntil: instant,
    labels: listOf(text),
    slots: {
      type: ['integer', 'null'],
      description: 'Number of execution slots; null: the release of the worker does not report it.',
    },
    isolations: { ...listOf(text), description: 'Sandbox profiles that passed the last probe.' },
    environments: { ...listOf(digest), description: 'Environments that the worker honours.' },
    probe: closed({
      digest,
      profiles: {
        ...maybe(listOf(closed({ profile: text, available: flag, reason: maybeText, tried: listOf(text) }))),
        description: 'Results of the probe for each profile, with the attempted attacks; null: not stored.',
      },
    }),
    runs: closed({ total: whole, latest: listOf(text) }),
    assignments: whole,
  }),
} satisfies Readonly<Record<string, Schema>>;
