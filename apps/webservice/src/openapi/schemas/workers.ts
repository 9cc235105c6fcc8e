import type { Schema } from '../operation';
import { closed, digest, flag, instant, listOf, maybeText, text, whole } from './shapes';

/** Schemas of workers. */
export const WORKER_SCHEMAS = {
  Worker: closed({
    workerId: { ...text, description: 'Of the session. A worker that restarts has another one.' },
    name: text,
    release: closed({ version: text, build: digest }),
    since: instant,
    lastHeartbeatAt: instant,
    leaseUntil: instant,
    labels: listOf(text),
    slots: { type: ['integer', 'null'], description: 'Execution slots; null: a release that does not state them.' },
    isolations: { ...listOf(text), description: 'Sandbox profiles that the last probe has shown to hold.' },
    environments: { ...listOf(digest), description: 'Environments that the worker honours.' },
    probe: closed({
      digest,
      profiles: {
        type: ['array', 'null'],
        items: closed({ profile: text, available: flag, reason: maybeText, tried: listOf(text) }),
        description: 'What the probe found about each profile, and the attacks that it tried; null: not stored.',
      },
    }),
    runs: closed({ total: whole, latest: listOf(text) }),
    assignments: whole,
  }),
} satisfies Readonly<Record<string, Schema>>;
