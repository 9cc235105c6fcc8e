import type { Schema } from '../operation';
import { anything, closed, digest, flag, listOf, mapOf, maybeText, object, text, whole } from './shapes';

/** Schemas of plans, their comparison, scenarios and simulation. */
export const PLAN_SCHEMAS = {
  Graph: closed({
    planHash: digest,
    nodes: listOf(
      closed({
        id: text,
        name: text,
        label: maybeText,
        kind: text,
        parent: text,
        branch: { type: ['integer', 'string', 'null'] },
        needs: listOf(text),
        when: maybeText,
        uses: maybeText,
        effects: maybeText,
        gated: { type: ['boolean', 'null'] },
        approval: maybeText,
        policy: maybeText,
        workers: listOf(text),
      }),
    ),
    edges: listOf(closed({ from: text, to: text })),
  }),
  GraphDrawing: closed({ format: { type: 'string', enum: ['mermaid', 'svg'] }, text }),
  PlanChange: {
    type: 'object',
    required: ['path'],
    additionalProperties: false,
    properties: { path: text, before: anything, after: anything },
  },
  PlanDiff: closed({
    same: flag,
    planHash: closed({ before: digest, after: digest }),
    steps: listOf({
      type: 'object',
      required: ['id', 'change', 'kind', 'from', 'changes'],
      additionalProperties: false,
      properties: {
        id: text,
        change: { type: 'string', enum: ['added', 'removed', 'moved', 'changed'] },
        kind: text,
        from: maybeText,
        does: {
          ...closed({ uses: text, effects: { type: 'string', enum: ['pure', 'idempotent', 'once'] } }),
          description:
            'What an added step executes, and its effects. Absent for steps that are not new, and for gates, groups, maps and loops.',
        },
        changes: listOf({ $ref: '#/components/schemas/PlanChange' }),
      },
    }),
    parts: mapOf(listOf({ $ref: '#/components/schemas/PlanChange' })),
    gates: closed({
      newlyUngated: listOf(text),
      newlyGated: listOf(text),
      removed: listOf(text),
      added: listOf(text),
    }),
  }),
  ScenarioReport: closed({
    passed: whole,
    failed: whole,
    faulty: {
      ...whole,
      description:
        'Number of scenarios that could not be evaluated: results with the status `faulty`, and scenarios that could not be read. It is at least 1 if `faults` is not empty.',
    },
    faults: { ...listOf(object), description: 'Why scenarios could not be read. They have no result.' },
    results: listOf(
      closed({
        file: text,
        name: text,
        status: { type: 'string', enum: ['passed', 'failed', 'faulty'] },
        differences: listOf(
          closed({ path: text, line: whole, column: whole, expected: anything, actual: anything, message: text }),
        ),
        faults: listOf(object),
      }),
    ),
  }),
  Plan: closed({
    planHash: digest,
    receipt: mapOf(digest),
    profileDigest: digest,
    plan: object,
    profile: object,
    warnings: listOf({ $ref: '#/components/schemas/Fault' }),
    inputOrder: {
      ...listOf(text),
      description:
        'Names of the inputs, in the order in which the pack declares them. The members of `plan` are sorted.',
    },
  }),
  PlanCheck: closed({ valid: flag, errors: listOf({ $ref: '#/components/schemas/Fault' }) }),
  Simulation: object,
} satisfies Readonly<Record<string, Schema>>;
