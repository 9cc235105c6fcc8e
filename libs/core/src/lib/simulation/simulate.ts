import type { RunEnd } from '../foundation/statuses';
import { readsOfTemplate, evaluateTemplate } from '../expression/json-template';
import { ExpressionError } from '../expression/expression-fault';
import { messageTemplate } from '../binding/run-message';
import { scopeFor } from '../binding/scope';
import { Missing } from '../binding/values';
import type { Fault } from '../foundation/fault';
import type { NodeId, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { ROOT } from '../plan/place';
import type { Planned } from '../plan/plan-request';
import { messageAt } from '../run/run-end';
import type { PolicyEngines } from '../policy/policy';
import { reportOf, type SimulationReport } from './report';
import { parseScript } from './script';
import { Knowledge } from './knowledge';
import { SimulatedWorld } from './simulated-world';

/** Parameters of a simulation. */
interface SimulationRequest {
  readonly planned: Planned;
  /** Assumed outcomes. Without a script every step succeeds and everyone approves. */
  readonly script?: Json;
  /** True if the environment seals. */
  readonly sealed?: boolean;
  /** Policy engines besides CEL. If an engine is missing, its policies are assumed to allow. */
  readonly engines?: PolicyEngines;
}

/** Result of a simulation. The same plan and script give the same bytes. */
export interface Simulated {
  readonly kind: 'simulated';
  readonly report: SimulationReport;
  /** Final status of the run; `waiting` if it would not end. */
  readonly status: RunEnd | 'waiting';
  readonly code: string | null;
  /** Final status of every step that began or was skipped, by instance. */
  readonly steps: ReadonlyMap<StepId, string>;
  /** Steps that began and did not end. */
  readonly open: readonly StepId[];
  /** Assumptions about unknown values, by node in plan order. */
  readonly assumptions: readonly Assumption[];
  /** Virtual duration, milliseconds: waits and backoffs; attempts take no time. */
  readonly tookMs: number;
}

/** An assumption that a simulation made because the value is unknown before a run and the script does not state it. */
export interface Assumption {
  readonly id: NodeId;
  /** As text: `it succeeds`, `one item: … is not known`. */
  readonly what: string;
}

export type Simulation = Simulated | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

/** Drives the real machine with assumed outcomes and virtual time (docs/guides/simulation.md). Executes nothing. */
export function simulate({ planned, script = {}, sealed = false, engines = {} }: SimulationRequest): Simulation {
  const parsed = parseScript(script, planned.index);
  if (parsed.kind === 'refused') return parsed;
  const world = new SimulatedWorld(new Knowledge(planned, engines), parsed.script);
  world.play();
  const { result } = world.state;
  const steps = new Map<StepId, string>();
  const open: StepId[] = [];
  for (const [step, { status }] of world.knowledge.results.all())
    if (step === ROOT) continue;
    else if (status !== null) steps.set(step, status);
    else open.push(step);
  for (const step of parsed.script.instances)
    if (!steps.has(step) && !open.includes(step))
      world.knowledge.assume(step, `${step} is never reached: its entry in the script is not used`);
  const said = { outputs: outputsOf(planned, world), message: messageOf(planned, world) };
  const report = reportOf(planned, world.knowledge, sealed, said, result?.code ?? null);
  return {
    kind: 'simulated',
    report,
    status: result?.status ?? 'waiting',
    code: result?.code ?? null,
    steps: new Map([...steps].sort(([a], [b]) => (a < b ? -1 : 1))),
    open: open.sort(),
    assumptions: report.nodes.flatMap(({ id }) =>
      [...(world.knowledge.traces.get(id)?.assumed ?? [])].sort().map((what) => ({ id, what })),
    ),
    tookMs: world.now,
  };
}

/** The message of the simulated end; null if the pack has none for it. */
function messageOf({ index }: Planned, { state, knowledge }: SimulatedWorld): SimulationReport['message'] {
  const { result } = state;
  const question = result === null ? null : messageAt(index, result.status);
  if (result === null || question === null) return null;
  const unknown = knowledge.unknowns.among(ROOT, readsOfTemplate(messageTemplate(index, question))) !== null;
  const { message, messageError = null } = result;
  const text = unknown || message === undefined ? null : (knowledge.context.values.get(message.digest) ?? null);
  return { known: !unknown, text: typeof text === 'string' ? text : null, error: messageError };
}

/** Declared outputs, each separately, so that an unknown one does not hide the others. */
function outputsOf({ plan }: Planned, world: SimulatedWorld): SimulationReport['outputs'] {
  const ended = world.state.result?.status === 'succeeded';
  return plan.outputs.map(({ name, type, value }) => {
    const reads = readsOfTemplate(value);
    if (!ended || world.knowledge.unknowns.among(ROOT, reads) !== null)
      return { name, type, known: false, value: null };
    try {
      return {
        name,
        type,
        known: true,
        value: evaluateTemplate(value, scopeFor(world.knowledge.context, ROOT, reads, new Missing())),
      };
    } catch (error) {
      if (ExpressionError.is(error)) return { name, type, known: false, value: null };
      throw error;
    }
  });
}
