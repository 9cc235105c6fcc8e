import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import type { StepId } from '../../foundation/ids';
import { inDeclaredOrder } from './input-order';
import { nodesBehind, placeBehind } from './behind-gate';
import { nodeOf, ROOT } from '../place';
import type { Effects, Node, Plan, RunNode } from '../plan';
import { indexNodes, type IndexedNode, type PlanIndex } from '../plan-index';
import type { Profile } from '../profile';

// What a plan says about a step before it runs, for people who approve it. Expressions are shown as written, because their values may not
// exist yet. A plan does not contain sensitive values.

/** One property of a step: its name and its value, which may have several lines. */
export interface StepFact {
  readonly name: string;
  readonly text: string;
}

/** A step as the plan has it. */
export interface PlannedStep {
  /** Its place. The index of items of maps and loops that do not exist yet is left out. */
  readonly id: string;
  readonly title: string | null;
  /** The executor. */
  readonly uses: string;
  readonly effects: Effects;
  readonly facts: readonly StepFact[];
}

type Nodes = Pick<PlanIndex, 'root' | 'nodes'>;
type Defaults = Pick<Profile, 'defaults'>;

/**
 * The steps behind a gate that execute something, in the order of the plan. Empty if the plan does not have the gate. `profile` supplies the
 * retries of steps that state none.
 */
export function stepsBehind(plan: Plan, profile: Defaults, gate: string): readonly PlannedStep[] {
  const index = indexNodes(plan, profile.defaults);
  if (!index.nodes.has(nodeOf(gate as StepId))) return [];
  const behind = new Map(nodesBehind(index, gate as StepId).map((node) => [node.id, node]));
  return [...index.nodes.values()].flatMap((indexed) =>
    behind.has(indexed.id) && indexed.node.kind === 'run'
      ? [toPlanned(index, plan, indexed, indexed.node, placeBehind(gate as StepId, indexed))]
      : [],
  );
}

/** One step that executes something; null if the plan has no such step, or if it is a gate or contains steps. */
export function plannedStep(plan: Plan, profile: Defaults, step: string): PlannedStep | null {
  const index = indexNodes(plan, profile.defaults);
  const indexed = index.nodes.get(nodeOf(step as StepId));
  return indexed?.node.kind === 'run' ? toPlanned(index, plan, indexed, indexed.node, step) : null;
}

/**
 * The inputs of a run, in the order in which the pack declares them if `declared` names them. A sensitive one has no value here, and a file
 * has its digest and size.
 */
export function plannedInputs({ inputs }: Pick<Plan, 'inputs'>, declared: readonly string[] = []): readonly StepFact[] {
  return inDeclaredOrder(inputs, declared).map(([name, value]) => ({ name, text: inputText(value) }));
}

function inputText(value: Json): string {
  if (!isJsonObject(value)) return textOf(value);
  const { sensitive, digest, size } = value;
  if (sensitive === true) return 'sensitive: the value is not shown';
  return typeof digest === 'string' && typeof size === 'number' && Object.keys(value).length === 2
    ? `file of ${size} bytes, ${digest}`
    : textOf(value);
}

function toPlanned(index: Nodes, plan: Plan, indexed: IndexedNode, node: RunNode, id: string): PlannedStep {
  const { name, uses, effects } = node;
  return { id, title: name, uses, effects, facts: [...aroundFacts(index, indexed), ...factsOf(plan, node)] };
}

/** Under which conditions, and how often, the containers of a step run it; the outermost first. */
function aroundFacts(index: Nodes, indexed: IndexedNode): readonly StepFact[] {
  const facts: StepFact[] = [];
  let child = indexed;
  for (let at = indexed.parent; at !== ROOT; at = child.parent) {
    const above = index.nodes.get(at);
    if (above === undefined) break;
    facts.unshift(...containerFacts(above, child));
    child = above;
  }
  return facts;
}

function containerFacts({ id, node, bodies }: IndexedNode, child: IndexedNode): readonly StepFact[] {
  const when = node.when === null ? [] : [{ name: `only if (${id})`, text: expressionText(node.when) }];
  switch (node.kind) {
    case 'map':
      return [...when, { name: `for each item of ${id}`, text: textOf(node.items) }];
    case 'loop':
      return [...when, { name: `repeated by ${id}`, text: loopText(node) }];
    case 'conditional':
      return [
        ...when,
        {
          name: `only if (${id})`,
          text: branchText(
            node,
            bodies.findIndex((one) => one.nodes.includes(child)),
          ),
        },
      ];
    case 'pack':
      return [
        ...when,
        { name: `in pack ${id}`, text: `${node.pack.name} ${node.pack.version}` },
        ...membersOf(`input of ${id}`, node.with),
      ];
    default:
      return when;
  }
}

function loopText({ items, until, maxIterations }: Extract<Node, { readonly kind: 'loop' }>): string {
  const over = items === null ? '' : `over ${textOf(items)}, `;
  const end = until === null ? '' : `until ${expressionText(until)}, `;
  return `${over}${end}at most ${maxIterations} times`;
}

function branchText({ branches }: Extract<Node, { readonly kind: 'conditional' }>, at: number): string {
  const own = branches[at];
  const earlier = branches.slice(0, at < 0 ? undefined : at).map(({ when }) => `not ${expressionText(when)}`);
  return [...earlier, ...(own === undefined ? [] : [expressionText(own.when)])].join(' and ');
}

function factsOf({ sandbox }: Plan, node: RunNode): readonly StepFact[] {
  const { when, runOn, egress, egressWithin = [], secrets, tools, artifacts, retries, timeoutMs, workers } = node;
  const { command, ...parameters } = node.with;
  const listed = [sandbox.egressAllowlist, ...egressWithin].flatMap((list) => (list === null ? [] : [list]));
  return [
    ...(when === null ? [] : [{ name: 'only if', text: expressionText(when) }]),
    ...(runOn === 'success'
      ? []
      : [{ name: 'runs', text: runOn === 'failure' ? 'after a failure' : 'after success and failure' }]),
    ...(command === undefined ? [] : [{ name: 'command', text: commandText(command) }]),
    ...membersOf('', parameters),
    ...membersOf('env', node.env),
    ...membersOf('file', node.files),
    ...secrets.map(({ name, env, file }) => ({
      name: 'secret',
      text: `${name}${env === null ? '' : `, in env ${env}`}${file === null ? '' : `, in file ${file}`}`,
    })),
    ...Object.entries(tools).map(([name, digests]) => ({ name: 'tool', text: [name, ...digests].join(' ') })),
    { name: 'network', text: networkText(node) },
    ...(egress.length === 0
      ? []
      : listed.map((list) => ({ name: 'network only within', text: list.join('\n') || 'nothing' }))),
    ...artifacts.map(({ name, path }) => ({ name: 'artifact', text: `${name}, from ${path}` })),
    { name: 'retries', text: retriesText(retries) },
    ...(timeoutMs === null ? [] : [{ name: 'time limit', text: secondsText(timeoutMs) }]),
    ...(node.continueOnError ? [{ name: 'if it fails', text: 'the run continues' }] : []),
    ...(workers.length === 0 ? [] : [{ name: 'workers', text: workers.join(', ') }]),
  ];
}

function membersOf(kind: string, members: JsonObject): readonly StepFact[] {
  return Object.entries(members).map(([name, value]) => ({
    name: kind === '' ? name : `${kind} ${name}`,
    text: textOf(value),
  }));
}

/** A program with its arguments. Each argument that is not one plain word is quoted, so that its limits are visible. */
function commandText(command: Json): string {
  if (!Array.isArray(command)) return textOf(command);
  return command
    .map((one) => (typeof one === 'string' && /^[\w./:=@%+,-]+$/.test(one) ? one : JSON.stringify(one)))
    .join(' ');
}

function networkText({ uses, with: { url }, egress }: RunNode): string {
  const declared = egress.map(({ url: to, intent }) => (intent === null ? to : `${to} (${intent})`));
  const own = uses === 'builtin:http' && typeof url === 'string' ? [url] : [];
  return [...declared, ...own].join('\n') || 'none';
}

function retriesText({ maxAttempts, backoffMs, on }: RunNode['retries']): string {
  if (maxAttempts === 1) return 'none';
  const codes = on === null ? '' : `, after ${on.join(', ')}`;
  return `at most ${maxAttempts} attempts${codes}${backoffMs === 0 ? '' : `, first pause ${secondsText(backoffMs)}`}`;
}

function secondsText(ms: number): string {
  return `${ms / 1_000} s`;
}

/** Conditions are stored without their braces. */
function expressionText(expression: string): string {
  return `{{ ${expression} }}`;
}

/** Longest JSON that stands on one line. */
const LINE = 80;

/** Texts as they are, everything else as JSON, indented if it is long. */
function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  const line = JSON.stringify(value);
  return line.length <= LINE ? line : JSON.stringify(value, null, 2);
}
