import { runStatuses, stepEnds } from '@taskrunner/core/foundation';
import { STUCK_REASONS } from '@taskrunner/core/ports';
import type { Schema } from '../operation';
import { actors } from './actors';
import { maybeVerdict } from './verdict';
import {
  anything,
  closed,
  digest,
  flag,
  instant,
  link,
  listOf,
  mapOf,
  maybe,
  maybeDigest,
  maybeInstant,
  maybeOffset,
  maybeText,
  offset,
  text,
  tupleOf,
  whole,
} from './shapes';

/** Every status of a step, as it is shown. */
export const stepStatuses = ['pending', 'running', 'waiting', 'retrying', 'needs_attention', ...stepEnds] as const;

/** The values of a step in a timeline, in this order. */
export const TIMING_COLUMNS = [
  'id',
  'parent',
  'kind',
  'status',
  'queuedAt',
  'startedAt',
  'endedAt',
  'attempts',
] as const;

const maybeWhole: Schema = { type: ['integer', 'null'] };
const failure = {
  code: {
    ...maybeText,
    description: '`taskrunner explain CODE` explains it, unless the step or its executor returned it.',
  },
  message: maybeText,
  attempts: { ...maybeWhole, description: 'Attempts of the step.' },
  exitCode: { ...maybeWhole, description: 'Exit code of the program of the step; null: it has none.' },
};
const policyResult = { description: 'Of a gate with a policy: the result of the policy, with at most 64 reasons.' };

/** Schemas of runs, their steps and artifacts. */
export const RUN_SCHEMAS = {
  RunError: {
    type: 'object',
    required: [...Object.keys(failure), 'stepId'],
    properties: {
      ...failure,
      stepId: { ...maybeText, description: 'Step that failed; null: the run itself, for example after its timeout.' },
      policy: policyResult,
    },
  },
  StepError: {
    type: 'object',
    required: Object.keys(failure),
    properties: {
      ...failure,
      execution: { ...whole, description: 'Of a step that needs attention: the execution whose outcome is unknown.' },
      policy: policyResult,
    },
  },
  RunCounts: closed({
    statuses: listOf(
      closed({
        status: { type: 'string', enum: runStatuses },
        count: whole,
        atLeast: { ...flag, description: 'True: there can be more runs than `count`.' },
      }),
    ),
  }),
  Run: closed({
    runId: text,
    status: { type: 'string', enum: runStatuses },
    pack: closed({ name: text, version: text, digest }),
    planHash: digest,
    profileDigest: digest,
    requester: closed({ id: text, iss: text, name: text }),
    initiators: {
      ...actors,
      description:
        'Who started the run, the requester first. Initiators can cancel the run but cannot decide at its gates.',
    },
    labels: mapOf(text),
    createdAt: instant,
    startedAt: maybeInstant,
    finishedAt: maybeInstant,
    waits: listOf(
      closed(
        {
          kind: text,
          id: maybeText,
          since: maybeInstant,
          until: maybeInstant,
          policy: {
            ...maybeVerdict,
            description: 'With kind `policy`: the denial that people can override, with its first 10 reasons.',
          },
        },
        ['policy'],
      ),
    ),
    stuck: {
      type: ['string', 'null'],
      enum: [...STUCK_REASONS, null],
      description:
        'Why the run requires manual action. `attention`: a step needs attention. `halted`: the records of the run were altered. `blocked`: the seal of its evidence is blocked. `restore`: a restore of the database stopped the run. `null`: no action is required.',
    },
    steps: {
      ...closed(Object.fromEntries(['total', ...stepStatuses].map((name) => [name, whole]))),
      description:
        'Steps by status. Until the run starts, these are the steps of its plan. From then on, they are the steps that the run has reached: `total` drops when the run starts, and grows as the run reaches more steps. Items of maps and iterations of loops are not counted themselves, but their steps are.',
    },
    outputs: { ...anything, description: 'Outputs of a run that has ended; null: none, or omitted.' },
    outputsOmitted: {
      ...flag,
      description:
        'True: a list omits the outputs, because they are larger than 64 KiB. `GET /api/runs/{runId}` returns them.',
    },
    message: {
      ...maybeText,
      description:
        'Message of a run that has ended: `success.message` or `failure.message` of the pack, with its expressions evaluated. `null`: the pack has no such message, an expression of the message has an error, or the run was cancelled.',
    },
    messageError: {
      anyOf: [{ type: 'null' }, closed({ code: text, message: text })],
      description:
        'Error in the expressions of the message; the run then has no message. The error does not change how the run ended.',
    },
    error: {
      ...maybe({ $ref: '#/components/schemas/RunError' }),
      description: 'Why the run failed; null: it did not fail.',
    },
    cancellation: {
      anyOf: [
        { type: 'null' },
        closed({
          by: closed({
            iss: text,
            sub: text,
            name: { ...maybeText, description: 'Name of the person. `null` unless the requester cancelled the run.' },
          }),
          reason: {
            ...text,
            description: 'Reason as it was given. The journal and the evidence contain it with secrets redacted.',
          },
          force: {
            ...flag,
            description: 'True: the cancellation also stops cleanup steps. A later request can set it.',
          },
          requestedAt: instant,
        }),
      ],
      description:
        'The first request to cancel the run: who made it, and why. A schedule with `overlap: replace` cancels the runs that it replaces, in the name of its editor. A run that had failed before the request ends as `failed`. `null`: nobody requested a cancellation.',
    },
    evidence: closed({
      status: { type: 'string', enum: ['none', 'pending', 'blocked', 'sealed', 'refused'] },
      digest: maybeDigest,
      reason: { ...maybeText, description: 'Why the seal is blocked: `<CODE>: <detail>`.' },
      exports: listOf(
        closed({
          destination: text,
          artifacts: flag,
          status: { type: 'string', enum: ['pending', 'delivered', 'failed'] },
          tries: whole,
          reason: maybeText,
          file: text,
          requestedAt: instant,
          nextAttemptAt: maybeInstant,
          endedAt: maybeInstant,
        }),
      ),
    }),
    lastLine: whole,
    rerunOf: maybeText,
    links: closed({ self: link, graph: link, steps: link, logs: link, artifacts: link, console: link }),
  }),
  StepCounts: closed({
    parent: text,
    steps: closed(Object.fromEntries(['total', ...stepStatuses].map((name) => [name, whole]))),
  }),
  Step: closed({
    id: text,
    parent: maybeText,
    kind: text,
    label: maybeText,
    status: { type: 'string', enum: stepStatuses },
    reason: { ...maybeText, description: 'Code of the outcome, or of what the step waits for.' },
    attempts: whole,
    nextAttemptAt: maybeInstant,
    startedAt: maybeInstant,
    finishedAt: maybeInstant,
    children: { type: ['integer', 'null'] },
    outputs: { description: 'Outputs of at most 64 KiB; null: none, or larger ones.' },
    outputsRef: { description: 'Digest and size of the outputs, which `…/outputs` returns; null: none.' },
    reusedFrom: {
      description: '`{run, step, digest}` of the result that a rerun took over; null: the step was executed.',
    },
    artifacts: listOf({ $ref: '#/components/schemas/Artifact' }),
    error: {
      ...maybe({ $ref: '#/components/schemas/StepError' }),
      description: 'Why the step failed or needs attention; null: neither.',
    },
  }),
  Artifact: closed({
    artifactId: text,
    step: text,
    execution: whole,
    name: text,
    path: text,
    digest,
    size: whole,
    mediaType: text,
    createdAt: instant,
    links: closed({ download: link }),
  }),
  Timings: closed({
    runId: text,
    status: { type: 'string', enum: runStatuses },
    origin: {
      ...instant,
      description: 'Time at which the run was created. All other times are milliseconds after it.',
    },
    columns: listOf({ type: 'string', enum: TIMING_COLUMNS }),
    items: listOf(
      tupleOf(
        text,
        text,
        text,
        { type: 'string', enum: stepStatuses },
        maybeOffset,
        maybeOffset,
        maybeOffset,
        listOf(
          tupleOf(whole, whole, offset, maybeOffset, {
            type: ['string', 'null'],
            enum: ['succeeded', 'failed', 'stopped', 'lost', null],
          }),
        ),
      ),
    ),
    nextCursor: maybeText,
  }),
} satisfies Readonly<Record<string, Schema>>;
