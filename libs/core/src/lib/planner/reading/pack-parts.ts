import { LineIndex } from '../../document/line-index';
import { sha256 } from '../../canonical/digest';
import { parseRule } from '../../egress/egress-rule';
import { ExpressionError } from '../../expression/expression-fault';
import { evaluateTemplate } from '../../expression/json-template';
import type { Json, JsonObject } from '../../foundation/json';
import type { Pack } from '../../pack/model/pack';
import type { PackFiles } from '../../pack/pack-files';
import { compilePolicy } from '../../policy/compile-policy';
import { warnOfBroad, type EgressLists } from './check-egress';
import type { PolicyEngines, PolicyFault } from '../../policy/policy';
import type { ExpressionReader } from '../context/expression-reader';
import type { Place } from '../context/field-reading';
import type { Faults } from '../context/faults';
import { FIELDS } from '../context/field-rule';
import type { Approval, Plan, Policy } from '../../plan/plan';
import type { ConcurrencyClaim, PlanConfiguration } from '../../plan/plan-request';
import type { Environment } from '../../plan/profile';
import { sortBy } from '../context/sort-by';
import { environmentRules } from '../../plan/step-egress';

// Reading of the parts of a pack besides its steps.

/** Permitted destinations of steps: the lists of the environment and of the pack. */
export function egressLists(
  pack: Pack,
  environment: Environment,
  configuration: PlanConfiguration,
  faults: Faults,
): EgressLists {
  const own = pack.spec.sandbox.egressAllowlist?.flatMap((text, index) => {
    const at = `/spec/sandbox/egressAllowlist/${index}`;
    const rule = parseRule(text);
    if (rule === null)
      faults.add('EGRESS_URL', at, 'This is not a destination.', {
        remediation: 'Use host, host:port, *.suffix or a URL.',
      });
    else warnOfBroad(text, rule, at, faults);
    return rule === null ? [] : [rule];
  });
  return { environment: environmentRules(environment, configuration.egress), pack: own ?? null };
}

export function readApprovals(
  pack: Pack,
  environment: Environment,
  configuration: PlanConfiguration,
  reader: ExpressionReader,
  end: Place,
  faults: Faults,
): readonly Approval[] {
  const grants = [...configuration.grants, 'packs.approve'];
  const { floor } = environment.approvals;
  const approvals = pack.spec.approvals.map((approval, index): Approval => {
    const at = `/spec/approvals/${index}`;
    approval.grants.forEach((grant, place) => {
      if (grants.includes(grant)) return;
      const remediation = faults.guess(grant, grants, `Known grants: ${grants.join(', ')}.`);
      faults.add('GATE_GRANT_UNKNOWN', `${at}/grants/${place}`, `The grant ${grant} is not configured.`, {
        remediation,
      });
    });
    if (approval.expiresAfterMs !== null && approval.expiresAfterMs > floor.maxExpiresAfterMs) {
      faults.add(
        'GATE_EXPIRY_TOO_LONG',
        `${at}/expiresAfter`,
        `The approval expires after ${approval.expiresAfterMs / 1_000} s; this environment allows at most ${floor.maxExpiresAfterMs / 1_000} s.`,
      );
    }
    const reason =
      approval.reasonTemplate === null
        ? null
        : reader.json(approval.reasonTemplate, `${at}/reasonTemplate`, end, FIELDS.reason).canonical;
    return {
      id: approval.id,
      grants: [...new Set(approval.grants)].sort(),
      minApprovals: approval.minApprovals,
      expiresAfterMs: approval.expiresAfterMs,
      executeWithinMs: approval.executeWithinMs,
      allowSelfApproval: approval.allowSelfApproval,
      maxAuthAgeMs: approval.maxAuthAgeMs,
      reasonRequired: approval.reasonRequired,
      reasonTemplate: typeof reason === 'string' ? reason : null,
    };
  });
  return sortBy(approvals, ({ id }) => id);
}

export function readPolicies(pack: Pack, files: PackFiles, engines: PolicyEngines, faults: Faults): readonly Policy[] {
  const policies = pack.spec.policies.map(({ id, engine, level, source, path }, index): Policy => {
    const at = `/spec/policies/${index}/${source === null ? 'path' : 'source'}`;
    if (faults.unreadable?.isWithin(`/spec/policies/${index}`) === true)
      return { id, engine, level, source: '', digest: sha256('') };
    const bytes = path === null ? null : files.read(path);
    if (source === null && bytes === null) faults.add('PLAN_FILE_MISSING', at, `The pack has no file ${path ?? ''}.`);
    const text = source ?? (bytes === null ? '' : new TextDecoder().decode(bytes));
    const compiled = source === null && bytes === null ? null : compilePolicy({ engine, source: text }, engines);
    if (compiled?.kind === 'faults')
      for (const fault of compiled.faults) reportPolicy(pack.spec.policies, index, text, fault, faults);
    return { id, engine, level, source: text, digest: sha256(text) };
  });
  return sortBy(policies, ({ id }) => id);
}

/** Reports a fault of a policy at its position: in its file, or in the text in the manifest. `isWarning`: it does not prevent the plan. */
export function reportPolicy(
  policies: Pack['spec']['policies'],
  index: number,
  text: string,
  { code, message, remediation, offset }: PolicyFault,
  faults: Faults,
  isWarning = false,
): void {
  const { source = null, path = null } = policies[index] ?? {};
  const said = { code, message: sentence(message), remediation: sentence(remediation) };
  const { line, column } = new LineIndex(text).positionAt(offset);
  if (code === 'POLICY_ENGINE_UNKNOWN')
    return faults.add(code, `/spec/policies/${index}/engine`, said.message, { remediation: said.remediation });
  if (path !== null && source === null) {
    const fault = { ...said, path: '', line, column };
    return isWarning ? faults.warnInFile(path, fault) : faults.addInFile(path, fault);
  }
  const where = text.includes('\n') ? ` (line ${line}, column ${column} of the policy)` : '';
  const note = { remediation: said.remediation, offset, text };
  const at = `/spec/policies/${index}/source`;
  if (isWarning) faults.warn(code, at, sentence(`${message}${where}`), note);
  else faults.add(code, at, sentence(`${message}${where}`), note);
}

/** Longest name of a concurrency group, UTF-16 units. */
const MAX_GROUP_LENGTH = 200;

/** The rule in the form of the plan, and the group that it names for these inputs (`known`; null: they have faults). */
export function readConcurrency(
  pack: Pack,
  reader: ExpressionReader,
  end: Place,
  known: JsonObject | null,
  faults: Faults,
): { readonly rule: Plan['concurrency']; readonly claim: ConcurrencyClaim | null } {
  const { concurrency } = pack.spec;
  if (concurrency === null) return { rule: null, claim: null };
  const at = '/spec/concurrency/group';
  const reading = reader.json(concurrency.group, at, { ...end, failed: false }, FIELDS.group);
  const isText = reading.type.kinds.includes('string');
  if (!reading.faulty && !isText) faults.add('PLAN_CONCURRENCY_GROUP', at, 'The group must be a string.');
  const { onConflict } = concurrency;
  const rule = { group: reading.canonical as string, onConflict };
  if (reading.faulty || !isText || known === null) return { rule, claim: null };
  try {
    const group = evaluateTemplate(rule.group, known);
    const fault = groupFault(group);
    if (fault !== null) faults.add('PLAN_CONCURRENCY_GROUP', at, fault);
    return { rule, claim: typeof group === 'string' ? { group, onConflict } : null };
  } catch (error) {
    if (!ExpressionError.is(error)) throw error;
    faults.add(error.code, at, `${error.message}.`);
    return { rule, claim: null };
  }
}

function groupFault(group: Json): string | null {
  if (typeof group !== 'string') return 'The group must be a string.';
  if (group === '') return 'With these inputs the name of the group is empty.';
  if (group.length > MAX_GROUP_LENGTH)
    return `With these inputs the name of the group is longer than ${MAX_GROUP_LENGTH} characters.`;
  return /\p{Cc}/u.test(group) ? 'With these inputs the name of the group contains control characters.' : null;
}

/** Fields of a pack outside of its steps that may not contain expressions. */
export function checkPackFields({ metadata, spec }: Pack, reader: ExpressionReader): void {
  const { tags, license, maintainers, annotations } = metadata;
  for (const [field, value] of Object.entries({ tags, license, maintainers, annotations }))
    reader.none(value as unknown as Json, `/metadata/${field}`);
  spec.inputs.forEach((input, index) => {
    reader.none(input.default, `/spec/inputs/${index}/default`);
    reader.none(input.enum, `/spec/inputs/${index}/enum`);
  });
  reader.none(spec.sandbox.egressAllowlist, '/spec/sandbox/egressAllowlist');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;
}
