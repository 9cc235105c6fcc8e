import { lex } from '../../expression/lexer';
import { parseTokens } from '../../expression/parse';
import { printNode } from '../../expression/print';
import type { SyntaxNode } from '../../expression/syntax';
import { mapTemplates } from '../../expression/json-template';
import type { Template } from '../../expression/template';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import { verbatimParameters } from '../../plan/builtin-executors';
import type { GateNode, RunNode } from '../../plan/plan';

// An inner pack has its own names for what it is given. In the plan every secret, approval and policy has the name that the outermost pack
// gives it; profile, gates and evidence use only that name.

/** Names of an inner pack → names of the outermost pack. */
export interface InnerNames {
  readonly secrets: ReadonlyMap<string, string>;
  readonly approvals: ReadonlyMap<string, string>;
  /** Place of the step that uses the pack: a prefix of the ids of its policies. */
  readonly place: string;
  /** Egress lists of the enclosing inner packs, outermost first. */
  readonly egressWithin: readonly (readonly string[])[];
  /** `sandbox.timeout` of the inner pack, milliseconds; null: that of the caller. */
  readonly attemptTimeoutMs: number | null;
}

/** The secret that an inner name refers to; null if it was not passed. */
export function secretNamed(name: string, names: InnerNames | null): string | null {
  return names === null ? name : (names.secrets.get(name) ?? null);
}

/** The approval that an inner id refers to. One that is not mapped was already reported. */
export function approvalNamed(id: string, names: InnerNames | null): string {
  return names?.approvals.get(id) ?? id;
}

/** The id of a policy in the plan. */
export function policyNamed(id: string, names: InnerNames | null): string {
  return names === null ? id : `${names.place}::${id}`;
}

/** A run step in the form of the plan. */
export function namedOutside(node: RunNode, names: InnerNames | null): RunNode {
  if (names === null) return node;
  const secrets = node.secrets.flatMap((use) => {
    const name = names.secrets.get(use.name);
    // An optional secret that was not passed counts as unbound.
    return name === undefined ? [] : [{ ...use, name }];
  });
  const retries =
    node.retries.attemptTimeoutMs === null && names.attemptTimeoutMs !== null
      ? { ...node.retries, attemptTimeoutMs: names.attemptTimeoutMs }
      : node.retries;
  return {
    ...node,
    with: withAuth(node, parametersOutside(node, names), names),
    env: renamed(node.env, names) as RunNode['env'],
    files: renamed(node.files, names) as JsonObject,
    secrets,
    retries,
    ...(names.egressWithin.length > 0 ? { egressWithin: names.egressWithin } : {}),
  };
}

/** A gate in the form of the plan. */
export function gateOutside(node: GateNode, names: InnerNames | null): GateNode {
  if (names === null) return node;
  const { approval, policy } = node;
  return {
    ...node,
    approval: approval === null ? null : approvalNamed(approval, names),
    policy: policy === null ? null : policyNamed(policy, names),
  };
}

/** Scripts are passed unchanged: they contain no expressions. */
function parametersOutside({ uses, with: parameters }: RunNode, names: InnerNames): JsonObject {
  const verbatim = verbatimParameters(uses);
  const open = Object.entries(parameters).filter(([name]) => !verbatim.includes(name));
  return { ...parameters, ...(renamed(Object.fromEntries(open), names) as JsonObject) };
}

/** Http steps name the secret for their authentication. */
function withAuth({ uses }: RunNode, parameters: JsonObject, names: InnerNames): JsonObject {
  const auth = parameters['auth'];
  if (uses !== 'builtin:http' || !isJsonObject(auth)) return parameters;
  const { bearer, basic } = auth;
  const outer = (name: Json | undefined): Json =>
    typeof name === 'string' ? (names.secrets.get(name) ?? name) : (name ?? null);
  return {
    ...parameters,
    auth: isJsonObject(basic)
      ? { ...auth, basic: { ...basic, password: outer(basic['password']) } }
      : { ...auth, bearer: outer(bearer) },
  };
}

/** A value in which every `secrets.<name>` has the outer name. Text that does not parse was already reported and stays unchanged. */
function renamed(value: Json, names: InnerNames): Json {
  if (names.secrets.size === 0) return value;
  try {
    return mapTemplates(value, (template) => renamedText(template, names.secrets));
  } catch (error) {
    if (error instanceof TypeError) return value;
    throw error;
  }
}

function renamedText(template: Template, secrets: ReadonlyMap<string, string>): string {
  const one = (text: string): string => `{{ ${printNode(renamedNode(parseTokens(lex(text).tokens), secrets))} }}`;
  if (template.kind === 'literal') return template.text;
  if (template.kind === 'expression') return one(template.expression.text);
  return template.parts.map((part) => (part.kind === 'text' ? part.text : one(part.expression.text))).join('');
}

/** The tree with the outer name in each `secrets.<name>`. */
function renamedNode(node: SyntaxNode, secrets: ReadonlyMap<string, string>): SyntaxNode {
  return renamedPart(node, secrets) as SyntaxNode;
}

function renamedPart(part: unknown, secrets: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(part)) return part.map((one) => renamedPart(one, secrets));
  if (typeof part !== 'object' || part === null) return part;
  const node = part as SyntaxNode;
  if (node.kind === 'literal') return node;
  if (
    node.kind === 'sub' &&
    node.left.kind === 'field' &&
    node.left.name === 'secrets' &&
    node.right.kind === 'field'
  ) {
    const outer = secrets.get(node.right.name);
    return outer === undefined ? node : { ...node, right: { ...node.right, name: outer } };
  }
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, renamedPart(one, secrets)]));
}
