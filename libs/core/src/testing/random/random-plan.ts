import type { Digest } from '../../lib/foundation/ids';
import type { Block, Node, Plan, RunNode } from '../../lib/plan/plan';
import type { ApprovalFloor, Environment, ProfileDefaults } from '../../lib/plan/profile';
import { MACHINE_VERSION } from '../../lib/run/run-state';
import type { Random } from './random';

/** Defaults of a test environment: small, so that timeouts happen. */
export const testDefaults: ProfileDefaults = {
  maxParallel: 3,
  expiresAfterMs: 60_000,
  executeWithinMs: 60_000,
  runTimeoutMs: 3_600_000,
  cleanupTimeoutMs: 300_000,
  attemptTimeoutMs: 30_000,
  stopGraceMs: 1_000,
  workspaceMiB: 64,
  memoryMiB: 256,
  maxProcesses: 32,
  logBytes: 1024 * 1024,
  logBytesPerSecond: 1024 * 1024,
  messageCharacters: 200,
};

/** A floor that asks for nothing. */
export const testFloor: ApprovalFloor = {
  minApprovals: 1,
  selfApproval: false,
  maxExpiresAfterMs: 86_400_000,
  maxAuthAgeMs: null,
  proof: 'service',
};

/** The part of an environment with which a plan is indexed. */
export const testRules: Pick<Environment, 'machine' | 'approvals'> = {
  machine: MACHINE_VERSION,
  approvals: { floor: testFloor },
};

const digest = `sha256:${'0'.repeat(64)}` as Digest;

/** A run node with everything at its language default. */
export function aRunNode(id: string, change: Partial<RunNode> = {}): RunNode {
  return {
    kind: 'run',
    id,
    name: null,
    when: null,
    needs: [],
    stated: false,
    runOn: 'success',
    timeoutMs: null,
    workers: [],
    uses: 'builtin:noop',
    with: {},
    env: {},
    files: {},
    secrets: [],
    tools: {},
    egress: [],
    artifacts: [],
    outputs: null,
    effects: 'pure',
    continueOnError: false,
    retries: {
      maxAttempts: 1,
      backoffMs: 0,
      factor: 2,
      maxBackoffMs: 300_000,
      jitter: true,
      on: null,
      attemptTimeoutMs: null,
    },
    ...change,
  };
}

/** A plan around a graph. */
export function aPlan(graph: Block, change: Partial<Plan> = {}): Plan {
  return {
    schema: 'taskrunner.plan.v1',
    pack: { name: 'test', version: '1.0.0', contentDigest: digest },
    inputs: {},
    secrets: [],
    graph,
    approvals: [
      {
        id: 'owners',
        grants: ['packs.approve'],
        minApprovals: 1,
        expiresAfterMs: null,
        executeWithinMs: null,
        allowSelfApproval: false,
        maxAuthAgeMs: null,
        reasonRequired: false,
        reasonTemplate: null,
      },
    ],
    policies: [
      { id: 'hard', engine: 'cel', level: 'hard-mandatory', source: 'true', digest },
      { id: 'soft', engine: 'cel', level: 'soft-mandatory', source: 'true', digest },
    ],
    sandbox: {
      mode: null,
      sealedInstall: false,
      egressAllowlist: null,
      cpuMillicores: null,
      memoryMiB: null,
      workspaceMiB: null,
      maxProcesses: null,
      timeoutMs: null,
    },
    concurrency: null,
    timeouts: { runMs: null, cleanupMs: null },
    outputs: [],
    messages: { success: null, failure: null },
    executors: [],
    ...change,
  };
}

/** A list of siblings; each waits for what stands before it unless it states its needs. */
export function aBlock(nodes: readonly Node[], change: Partial<Block> = {}): Block {
  return { nodes, maxParallel: 0, continueOnError: false, ...change };
}

/** A random plan of all step kinds that the machine runs: some blocks wider than their `maxParallel`, cleanup, gates, retries. */
export function randomPlan(random: Random): Plan {
  const counter = { next: 0 };
  const budget = { nodes: random.int(2, 24) };
  const graph = randomBlock(random, counter, budget, 0, false);
  return aPlan(graph, {
    outputs: random.chance(0.2) ? [{ name: 'x', type: 'string', value: 'x' }] : [],
    timeouts: { runMs: random.chance(0.1) ? 20_000 : null, cleanupMs: 5_000 },
  });
}

type Counter = { next: number };
type Budget = { nodes: number };

function randomBlock(random: Random, counter: Counter, budget: Budget, depth: number, together: boolean): Block {
  const size = together ? random.int(1, 7) : random.int(depth === 0 ? 1 : 0, 5);
  const nodes: Node[] = [];
  for (let i = 0; i < size && (budget.nodes > 0 || (depth === 0 && i === 0)); i++) {
    budget.nodes--;
    nodes.push(
      randomNode(
        random,
        counter,
        budget,
        depth,
        nodes.map((node) => node.id),
        together,
      ),
    );
  }
  return aBlock(nodes, { maxParallel: together ? random.pick([null, 1, 2]) : 0, continueOnError: random.chance(0.3) });
}

function randomNode(
  random: Random,
  counter: Counter,
  budget: Budget,
  depth: number,
  earlier: readonly string[],
  together: boolean,
): Node {
  const id = `s${counter.next++}`;
  const stated = together || random.chance(0.25);
  const needs = stated ? earlier.filter(() => random.chance(together ? 0.2 : 0.4)).sort() : earlier.slice(-1);
  const common = {
    id,
    name: null,
    needs,
    stated,
    workers: [],
    when: random.chance(0.15) ? 'inputs.x' : null,
    runOn: random.pick(['success', 'success', 'success', 'success', 'failure', 'always'] as const),
    timeoutMs: random.chance(0.05) ? 8_000 : null,
  };
  const continueOnError = random.chance(0.2);
  const kind =
    depth >= 3
      ? random.pick(['run', 'run', 'gate'])
      : random.pick([
          'run',
          'run',
          'run',
          'run',
          'gate',
          'group',
          'parallel',
          'map',
          'loop',
          'loop',
          'conditional',
          'pack',
        ]);
  switch (kind) {
    case 'gate': {
      const policy = random.pick([null, null, 'hard', 'soft']);
      const approval = policy === 'hard' ? null : 'owners';
      return {
        kind: 'gate',
        ...common,
        runOn: 'success',
        timeoutMs: null,
        approval,
        policy,
        with: {},
        message: 'go?',
        show: {},
        form: null,
      };
    }
    case 'group':
      return {
        kind: 'group',
        ...common,
        continueOnError,
        body: randomBlock(random, counter, budget, depth + 1, false),
      };
    case 'parallel': {
      const body = randomBlock(random, counter, budget, depth + 1, true);
      return { kind: 'parallel', ...common, continueOnError: body.continueOnError, body };
    }
    case 'map':
      return {
        kind: 'map',
        ...common,
        continueOnError,
        items: '{{ inputs.list }}',
        iterator: 'item',
        index: 'index',
        label: null,
        maxItems: null,
        width: random.pick([null, 1, 2]),
        outputs: random.chance(0.3) ? { x: 'x' } : null,
        body: randomBlock(random, counter, budget, depth + 1, false),
      };
    case 'pack':
      return {
        kind: 'pack',
        ...common,
        continueOnError,
        uses: 'pack:./inner',
        pack: { name: 'inner', version: '1.0.0', contentDigest: digest },
        with: {},
        inputs: [],
        outputs: random.chance(0.5) ? [{ name: 'x', type: 'string', value: 'x' }] : [],
        body: randomBlock(random, counter, budget, depth + 1, false),
      };
    case 'loop': {
      const items = random.pick(['{{ inputs.list }}', { range: { start: 9, end: 1, step: -2 } }, null]);
      return {
        kind: 'loop',
        ...common,
        continueOnError,
        items,
        until: items === null || random.chance(0.5) ? 'inputs.u' : null,
        delayMs: random.pick([0, 0, 700, 3_000]),
        maxIterations: random.pick([1, 3, 6]),
        aggregation: random.pick(['collect', 'last'] as const),
        iterator: 'item',
        index: 'index',
        outputs: random.chance(0.3) ? { x: 'x' } : null,
        body: randomBlock(random, counter, budget, depth + 1, false),
      };
    }
    case 'conditional':
      return {
        kind: 'conditional',
        ...common,
        continueOnError,
        branches: [{ when: 'inputs.a', body: randomBlock(random, counter, budget, depth + 1, false) }],
        otherwise: random.chance(0.5) ? randomBlock(random, counter, budget, depth + 1, false) : null,
      };
    default:
      return aRunNode(id, {
        ...common,
        effects: random.pick(['pure', 'idempotent', 'idempotent', 'once']),
        continueOnError,
        retries: {
          maxAttempts: random.pick([1, 1, 2, 3]),
          backoffMs: random.pick([0, 1_000]),
          factor: 2,
          maxBackoffMs: 10_000,
          jitter: true,
          on: null,
          attemptTimeoutMs: random.pick([null, 5_000]),
        },
      });
  }
}
