import type { Json } from '@taskrunner/core/foundation';
import { digest } from './values';

/** Differences between two plans. */
export const PLAN_DIFF = {
  same: false,
  planHash: { before: digest('1'), after: digest('6') },
  steps: [
    {
      id: 'scan',
      change: 'changed',
      kind: 'run',
      from: null,
      changes: [{ path: '/retries/maxAttempts', before: 1, after: 3 }],
    },
    {
      id: 'notify',
      change: 'added',
      kind: 'run',
      from: null,
      does: { uses: 'builtin:http', effects: 'idempotent' },
      changes: [],
    },
  ],
  parts: {},
  gates: { newlyUngated: [], newlyGated: [], removed: [], added: [] },
};

/** Examples of plans, their comparison, scenarios and simulation. */
export const PLAN_EXAMPLES = {
  graph: {
    planHash: digest('1'),
    nodes: [
      {
        id: 'scan',
        name: 'scan',
        label: null,
        kind: 'run',
        parent: '',
        branch: null,
        needs: [],
        when: null,
        uses: 'builtin:command',
        effects: 'idempotent',
        gated: false,
        approval: null,
        policy: null,
        workers: [],
      },
      {
        id: 'approve',
        name: 'approve',
        label: null,
        kind: 'gate',
        parent: '',
        branch: null,
        needs: ['scan'],
        when: null,
        uses: null,
        effects: null,
        gated: null,
        approval: 'prod',
        policy: null,
        workers: [],
      },
    ],
    edges: [{ from: 'scan', to: 'approve' }],
  },
  plan: {
    planHash: digest('1'),
    receipt: { graph: digest('3'), inputs: digest('4') },
    profileDigest: digest('2'),
    plan: { schema: 'taskrunner.plan.v1' },
    profile: { schema: 'taskrunner.profile.v1' },
    warnings: [],
    inputOrder: ['service', 'version'],
  },
  planDiff: PLAN_DIFF,
  scenarios: {
    passed: 1,
    failed: 0,
    faulty: 0,
    faults: [],
    results: [{ file: 'tests/basic.yaml', name: 'the run succeeds', status: 'passed', differences: [], faults: [] }],
  },
  check: { valid: true, errors: [] },
  simulation: {
    planHash: digest('1'),
    nodes: [{ id: 'scan', kind: 'run', class: 'pending', reason: null }],
    policies: [
      {
        gate: 'check',
        policy: 'few',
        engine: 'cel',
        level: 'hard-mandatory',
        by: 'evaluated',
        verdict: 'denies',
        reasons: ['5 findings'],
        unknown: [],
        instances: 1,
      },
    ],
    status: 'failed',
    code: 'POLICY_DENIED',
  },
} satisfies Readonly<Record<string, Json>>;
