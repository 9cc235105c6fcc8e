// The fault points: named moments at which a process of the product can be killed. The product contains no code for them. Each is attached
// from outside to a method of the compiled adapters, so that campaigns test the shipped bytes. `points.test.mjs` fails if a method is
// renamed or a build contains a trace of this.
'use strict';

const claims = { file: 'postgres/claims/postgres-claims.js', type: 'PostgresClaims' };
const committer = { file: 'postgres/flush/postgres-committer.js', type: 'PostgresCommitter' };
const outbox = { file: 'postgres/delivery/postgres-outbox.js', type: 'PostgresOutbox' };
const objects = { file: 'object-store/file-object-store.js', type: 'FileObjectStore' };
const sandboxed = { file: 'executors/sandboxed/sandboxed-step.js', type: 'SandboxedStep', method: 'perform' };
const http = { file: 'executors/http/http-executor.js', type: 'HttpExecutor', method: 'execute' };

const isFilled = (result) => result.length > 0;
const stepOf = ([request]) => request.step;
const holdsResult = ([commit]) => commit.page.entries.some(({ event }) => event.type === 'attempt.succeeded');

/**
 * By name: seams (`file` below `dist/lib`, `type`, `method`; `moment`: before the method, after it, or when it calls its own `callback`),
 * `when`: the passes that count, `label`: the value that `@` in a fault selects by.
 */
exports.POINTS = {
  /** The database has assigned the runs to this worker, before a driver exists for them. */
  claim: [{ ...claims, method: 'claim', moment: 'after', when: (_args, result) => isFilled(result) }],
  /** Inbox messages have been read and not yet processed. */
  'letters-read': [{ ...claims, method: 'inboxMessages', moment: 'after', when: (_args, result) => isFilled(result) }],
  /** The start is committed. Nothing was started yet. */
  'step-starts': [
    { ...sandboxed, moment: 'before', label: stepOf },
    { ...http, moment: 'before', label: stepOf },
  ],
  /** A child process runs. */
  'after-spawn': [{ file: 'sandbox/supervisor.js', type: 'Supervisor', method: 'run', moment: 'after' }],
  /** A chunk is stored without numbers. */
  'mid-log': [
    { file: 'postgres/logs/postgres-log-store.js', type: 'PostgresLogStore', method: 'append', moment: 'after' },
  ],
  /** The effect has happened, but its result has not reached the driver. */
  'after-effect-before-result': [
    { ...sandboxed, moment: 'after', label: stepOf },
    { ...http, moment: 'after', label: stepOf },
  ],
  'after-result-before-commit': [{ ...committer, method: 'commit', moment: 'before', when: holdsResult }],
  /** PostgreSQL has answered the flush, but the result has not reached its drivers. */
  'after-commit-before-ack': [{ ...committer, method: 'send', moment: 'callback', callback: 'onFlushed' }],
  /** The bytes are synchronised under a temporary name. */
  'artifact-staged': [{ ...objects, method: 'place', moment: 'before' }],
  /** The object is in its place. No row refers to it yet. */
  'artifact-copied': [{ ...objects, method: 'place', moment: 'after' }],
  /** The statement is signed and the bundle stored. The run's row is not updated yet. */
  'sign-before-store': [{ ...outbox, method: 'seal', moment: 'before' }],
  'seal-before-ack': [{ ...outbox, method: 'seal', moment: 'after' }],
};
