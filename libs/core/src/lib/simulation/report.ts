import type { Digest, NodeId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { secretsOf } from '../binding/secret-names';
import { joinScope } from '../plan/place';
import type { Block, Effects, GateNode, Node, Policy, PolicyLevel, RunNode } from '../plan/plan';
import type { ConcurrencyClaim, Planned } from '../plan/plan-request';
import { alwaysApplies, ungatedEffects } from '../plan/ungated-effects';
import { criticalPath, widestPoint } from './measure-graph';
import type { JudgedPolicy, Knowledge } from './knowledge';

/** The class of a node in the report (published names). */
export type NodeClass = 'pending' | 'skipped' | 'requires-approval' | 'requires-policy';

/** Output of `simulate`. */
export interface SimulationReport {
  readonly planHash: Digest;
  /** In plan order. */
  readonly nodes: readonly {
    readonly id: NodeId;
    readonly kind: Node['kind'];
    readonly class: NodeClass;
    readonly reason: string | null;
  }[];
  /** Required approvals, by gate. */
  readonly approvals: readonly {
    readonly gate: NodeId;
    readonly approval: string;
    /** It overrides this policy. */
    readonly policy: string | null;
    /** Grants of an approver, who also must be a person that did not start the run. */
    readonly grants: readonly string[];
    readonly minApprovals: number;
    readonly selfApproval: boolean;
    readonly expiresAfterMs: number;
    readonly executeWithinMs: number;
  }[];
  /** Policy outcomes by gate in plan order, each outcome of a gate once. */
  readonly policies: readonly ({
    readonly gate: NodeId;
    readonly policy: string;
    readonly engine: Policy['engine'];
    readonly level: PolicyLevel;
  } & JudgedPolicy)[];
  readonly secrets: readonly {
    readonly name: string;
    readonly scope: string | null;
    readonly required: boolean;
    readonly provider: string | null;
    readonly steps: readonly NodeId[];
  }[];
  readonly egress: readonly {
    readonly step: NodeId;
    readonly url: string;
    readonly intent: string | null;
    readonly verdict: 'recorded' | 'allowed';
    /** What is checked: for an http step the whole URL, for a process only host and port. */
    readonly enforced: 'whole URL' | 'host only';
  }[];
  readonly effects: readonly {
    readonly id: NodeId;
    readonly uses: string;
    readonly class: Effects;
    readonly gated: boolean;
  }[];
  readonly ungatedEffects: readonly NodeId[];
  readonly criticalPath: readonly NodeId[];
  readonly widest: number;
  /** Labels that a worker must have to drive the run. */
  readonly workers: readonly string[];
  /** The concurrency group of the run. */
  readonly concurrency: ConcurrencyClaim | null;
  readonly outputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly known: boolean;
    readonly value: Json;
  }[];
  /** The message of the run at its simulated end; null: the pack has none for this end. */
  readonly message: {
    /** False if it reads what is not known before a run. */
    readonly known: boolean;
    /** Null if it is not known, or if its expressions have a fault. */
    readonly text: string | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  } | null;
}

/** Combines a plan with the result of its simulation. */
export function reportOf(
  planned: Planned,
  knowledge: Knowledge,
  sealed: boolean,
  said: Pick<SimulationReport, 'outputs' | 'message'>,
  /** Code of the run's failure. */
  code: string | null,
): SimulationReport {
  const { plan, planHash, profile, index } = planned;
  const nodes = [...placed(plan.graph, '')];
  const ungated = ungatedEffects(plan);
  const ended = code === null ? 'RUN_CANCELLED' : endedBy(code, nodes, knowledge);
  const runs = nodes.filter((one): one is Placed<RunNode> => one.node.kind === 'run');
  const classes = new Map(nodes.map((one) => [one.id, classOf(one, knowledge, ended)]));
  return {
    planHash,
    nodes: nodes.map(({ id, node }) => ({
      id,
      kind: node.kind,
      ...(classes.get(id) ?? { class: 'pending', reason: null }),
    })),
    approvals: nodes
      .filter(
        (one): one is Placed<GateNode> =>
          one.node.kind === 'gate' && one.node.approval !== null && applies(planned, one.node),
      )
      .map(({ id, node }) => {
        const approval = plan.approvals.find((one) => one.id === node.approval);
        const { approvalFloor: floor, defaults } = index;
        return {
          gate: id,
          approval: node.approval ?? '',
          policy: node.policy,
          grants: [...new Set(['packs.approve', ...(approval?.grants ?? [])])].sort(),
          minApprovals: Math.max(approval?.minApprovals ?? 1, floor.minApprovals),
          selfApproval: (approval?.allowSelfApproval ?? false) && floor.selfApproval,
          expiresAfterMs: Math.min(approval?.expiresAfterMs ?? defaults.expiresAfterMs, floor.maxExpiresAfterMs),
          executeWithinMs: approval?.executeWithinMs ?? defaults.executeWithinMs,
        };
      }),
    policies: nodes.flatMap(({ id, node }) => {
      const policy = node.kind === 'gate' ? plan.policies.find((one) => one.id === node.policy) : undefined;
      if (policy === undefined) return [];
      const { engine, level } = policy;
      return [...(knowledge.traces.get(id)?.judged.values() ?? [])].map((judged) => ({
        gate: id,
        policy: policy.id,
        engine,
        level,
        ...judged,
      }));
    }),
    secrets: plan.secrets.map((secret) => ({
      ...secret,
      provider: profile.secrets.find(({ name }) => name === secret.name)?.provider ?? null,
      steps: runs.filter(({ node }) => secretsOf(node).includes(secret.name)).map(({ id }) => id),
    })),
    egress: runs.flatMap(({ id, node }) =>
      destinationsOf(node).map(({ url, intent }) => ({
        step: id,
        url,
        intent,
        verdict: sealed ? ('allowed' as const) : ('recorded' as const),
        enforced: node.uses === 'builtin:http' ? ('whole URL' as const) : ('host only' as const),
      })),
    ),
    effects: runs.map(({ id, node }) => ({
      id,
      uses: node.uses,
      class: node.effects,
      gated: node.effects !== 'pure' && !ungated.includes(id),
    })),
    ungatedEffects: ungated,
    criticalPath: criticalPath(plan.graph, (id) => classes.get(id)?.class !== 'skipped'),
    widest: widestPoint(plan.graph, index.defaults.maxParallel, (map) => knowledge.trace(map).items ?? 1),
    workers: planned.workerLabels,
    concurrency: planned.concurrency,
    ...said,
  };
}

/** Declared destinations, including the literal URL of an http step. */
function destinationsOf({ uses, with: { url }, egress }: RunNode): RunNode['egress'] {
  const own = uses === 'builtin:http' && typeof url === 'string' && !url.includes('{{');
  return own && egress.every((one) => one.url !== url) ? [...egress, { url, intent: null }] : egress;
}

interface Placed<N extends Node = Node> {
  readonly id: NodeId;
  readonly node: N;
  /** Its container; null at the top. */
  readonly above: NodeId | null;
}

function* placed(block: Block, scope: string, above: NodeId | null = null): Iterable<Placed> {
  for (const node of block.nodes) {
    const id = joinScope<NodeId>(scope, node.id);
    yield { id, node, above };
    if (node.kind === 'map' || node.kind === 'loop' || node.kind === 'pack') yield* placed(node.body, id, id);
    else if (node.kind === 'conditional')
      for (const body of [...node.branches.map((branch) => branch.body), ...(node.otherwise ? [node.otherwise] : [])])
        yield* placed(body, scope, id);
    else if (node.kind !== 'run' && node.kind !== 'gate') yield* placed(node.body, scope, id);
  }
}

function applies({ plan }: Planned, node: GateNode): boolean {
  return node.when === null || alwaysApplies(plan, node.when);
}

function classOf(
  { id, node, above }: Placed,
  knowledge: Knowledge,
  /** Why the run ended before its last step. */
  ended: string,
): { readonly class: NodeClass; readonly reason: string | null } {
  const trace = knowledge.trace(id);
  const assumed = [...trace.assumed].sort().map((what) => `assumed: ${what}`);
  const statuses = [...trace.ended.keys()];
  const skipped = !trace.reached && statuses.every((status) => status === 'skipped');
  if (skipped && statuses.length > 0)
    return {
      class: 'skipped',
      reason:
        node.when !== null && trace.skippedBy === 'WHEN_FALSE'
          ? `WHEN_FALSE: ${node.when}`
          : trace.skippedBy === 'RUN_CANCELLED'
            ? ended
            : trace.skippedBy === 'RUN_ON_NOT_MET'
              ? `RUN_ON_NOT_MET: ${node.runOn}`
              : (trace.skippedBy ?? 'SKIPPED'),
    };
  if (skipped) return { class: 'skipped', reason: notReached(above, knowledge) };
  if (node.kind === 'gate') {
    const reason = [
      node.policy === null ? `approval ${node.approval ?? ''}` : `policy ${node.policy}`,
      ...new Set([...trace.judged.values()].filter(({ by }) => by === 'evaluated').map(verdictInWords)),
      ...assumed,
    ].join('; ');
    return { class: node.policy === null ? 'requires-approval' : 'requires-policy', reason };
  }
  const failed = trace.ended.has('failed') ? ['fails'] : [];
  const all = [...failed, ...trace.notes, ...assumed];
  return { class: 'pending', reason: all.length === 0 ? null : all.join('; ') };
}

/** `denies: 5 critical findings`. */
export function verdictInWords({ verdict, reasons }: Pick<JudgedPolicy, 'verdict' | 'reasons'>): string {
  const said = verdict === 'undecided' ? 'gives no decision' : verdict;
  return reasons.length === 0 ? said : `${said}: ${reasons.join('; ')}`;
}

/** The code with which the run was ended, and the first step that caused it: `GATE_REJECTED: approve`. */
function endedBy(code: string, nodes: readonly Placed[], knowledge: Knowledge): string {
  const by = nodes.find(({ id }) => knowledge.traces.get(id)?.failedBy === code);
  return by === undefined ? code : `${code}: ${by.id}`;
}

/** Why nothing of a node ever began: its container did not begin, failed earlier, took another branch, or had no items. */
function notReached(above: NodeId | null, knowledge: Knowledge): string {
  if (above === null) return 'NOT_REACHED';
  const trace = knowledge.traces.get(above);
  const began = trace !== undefined && [...trace.ended.keys()].some((status) => status !== 'skipped');
  if (!began) return `NOT_REACHED: ${above}`;
  if (trace.items === 0) return `NO_ITEMS: ${above}`;
  return `${trace.isBranched ? 'BRANCH_NOT_TAKEN' : (trace.failedBy ?? 'NOT_REACHED')}: ${above}`;
}
