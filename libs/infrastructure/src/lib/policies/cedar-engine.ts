import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { AuthorizationAnswer, AuthorizationCall, DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import {
  CEDAR_BEHAVIOUR,
  limitFault,
  undecided,
  type PolicyAnswer,
  type PolicyCompilation,
  type PolicyEngine,
  type PolicyFault,
} from '@taskrunner/core/policy';
import { NotCedar, toCedar } from './cedar-context';

/** Its WebAssembly is compiled with the first policy, because most packs have none. */
function cedar(): typeof Cedar {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('@cedar-policy/cedar-wasm/nodejs') as typeof Cedar;
}

/** Texts of a policy set by their ids. */
type CedarPolicies = Readonly<Record<string, string>>;

/**
 * Cedar (docs/guides/approvals.md, Policy gates): principal = requester of the run, action = the gate, resource = the pack, context = the whole input. A request is
 * allowed if one policy permits it and none forbids it. Cedar skips a policy that fails, even one that forbids. Here such a failure means
 * no decision, so that a fault never opens a gate.
 */
export const cedarEngine: PolicyEngine = {
  compile(source) {
    const read = readCedar(source);
    if (read.kind === 'faults') return read;
    const evaluate = (input: JsonObject, gate: string): PolicyAnswer => {
      try {
        return answerOf(cedar().isAuthorized(cedarCall(read.policies, input, gate)));
      } catch (error) {
        return undecided(NotCedar.is(error) ? error.message : 'the engine failed');
      }
    };
    return { kind: 'policy', policy: { engine: 'cedar', behaviour: CEDAR_BEHAVIOUR, evaluate } };
  },
};

/** The policies of a source, or all faults. Their ids are their `@id` annotations, or `policy<n>` by position. */
export function readCedar(
  source: string,
): { readonly kind: 'policies'; readonly policies: CedarPolicies } | Extract<PolicyCompilation, { kind: 'faults' }> {
  const limit = limitFault(source);
  if (limit !== null) return { kind: 'faults', faults: [limit] };
  const parts = cedar().policySetTextToParts(source);
  if (parts.type === 'failure')
    return { kind: 'faults', faults: parts.errors.map((error) => syntaxFault(source, error)) };
  if (parts.policy_templates.length > 0)
    return refuse('a policy template has slots that are not filled', 'remove the ?slots');
  if (parts.policies.length === 0) return refuse('it contains no policy', 'write permit(…) or forbid(…)');
  const policies = new Map<string, string>();
  for (const [index, text] of inOrder(source, parts.policies).entries()) {
    const id = idOf(text) ?? `policy${index}`;
    if (policies.has(id)) return refuse(`two policies have the id ${id}`, 'use each @id only once');
    policies.set(id, text);
  }
  return { kind: 'policies', policies: Object.fromEntries(policies) };
}

/** The request to Cedar. Throws `NotCedar` if there can be none. */
export function cedarCall(policies: CedarPolicies, input: JsonObject, gate: string): AuthorizationCall {
  const policyLength = Object.values(policies).reduce((sum, text) => sum + text.length, 0);
  const context = toCedar(input, policyLength);
  const [requester] = isJsonArray(input['actor']) ? input['actor'] : [];
  const plan = isJsonObject(input['plan']) ? input['plan'] : {};
  const [iss, sub, kind] = textsOf(requester, 'iss', 'sub', 'kind');
  const [name, version] = textsOf(plan['pack'], 'name', 'version');
  const principal = { type: kind === 'person' ? 'Person' : 'Client', id: `${iss}|${sub}` };
  const resource = { type: 'Pack', id: name };
  return {
    principal,
    action: { type: 'Action', id: gate },
    resource,
    context,
    policies: { staticPolicies: { ...policies } },
    entities: [
      { uid: principal, attrs: { iss, sub }, parents: [] },
      { uid: resource, attrs: { name, version }, parents: [] },
    ],
  };
}

/** Texts of an object in the input, by name. Without the object no request can be made. */
function textsOf<const Names extends readonly string[]>(
  value: Json | undefined,
  ...names: Names
): { readonly [I in keyof Names]: string } {
  const texts = names.map((name) => {
    const text = isJsonObject(value) ? value[name] : null;
    if (typeof text !== 'string') throw new NotCedar('the input names no requester or no pack');
    return text;
  });
  return texts as unknown as { readonly [I in keyof Names]: string };
}

/** Cedar's answer in our form: reasons are the ids of the policies that decided. */
export function answerOf(answer: AuthorizationAnswer): PolicyAnswer {
  if (answer.type !== 'success') return undecided('Cedar cannot be asked this');
  const { decision, diagnostics } = answer.response;
  const [failed] = diagnostics.errors;
  if (failed) return undecided(`${failed.policyId} failed`);
  const reasons = [...diagnostics.reason].sort();
  if (decision === 'allow') return { kind: 'decided', allow: true, reasons };
  return { kind: 'decided', allow: false, reasons: reasons.length > 0 ? reasons : ['no policy permits it'] };
}

function inOrder(source: string, texts: readonly string[]): readonly string[] {
  return [...texts].sort((a, b) => source.indexOf(a) - source.indexOf(b) || (a < b ? -1 : 1));
}

function idOf(text: string): string | null {
  const read = cedar().policyToJson(text);
  return read.type === 'success' ? (read.json.annotations?.['id'] ?? null) : null;
}

function refuse(message: string, remediation: string): Extract<PolicyCompilation, { kind: 'faults' }> {
  return { kind: 'faults', faults: [{ code: 'POLICY_SYNTAX', message, remediation, offset: 0 }] };
}

function syntaxFault(source: string, error: DetailedError): PolicyFault {
  const [place] = error.sourceLocations ?? [];
  return {
    code: 'POLICY_SYNTAX',
    message: error.message.replace(/^failed to parse policies from string: /, ''),
    remediation: place?.label ?? error.help ?? 'write permit(…) and forbid(…) policies in Cedar',
    offset: utf16Offset(source, place?.start ?? 0),
  };
}

/** Cedar counts bytes of UTF-8. */
function utf16Offset(source: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(source).subarray(0, bytes)).length;
}
