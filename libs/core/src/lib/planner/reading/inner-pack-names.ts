import { pointerTo } from '../../document/json-pointer';
import type { RunBody } from '../../pack/model/pack-step';
import { approvalNamed, secretNamed, type InnerNames } from '../context/inner-names';
import type { PackUnit } from '../context/pack-unit';
import { placeOf, type PlannedStep } from '../context/planned-step';
import { isAsShort, isAtLeast } from './check-gates';
import type { StepContext } from './step-context';

/** The names of the inner pack for what it is given, mapped to those of the outermost pack. */
export function namesOf(planned: PlannedStep, body: RunBody, unit: PackUnit, context: StepContext): InnerNames {
  const at = `${planned.step.at}/run`;
  const { faults, inner } = context;
  const { spec, metadata } = unit.read.pack;
  const secrets = new Map<string, string>();
  const asked = spec.secrets.map(({ name }) => name);
  for (const [index, use] of body.secrets.entries()) {
    if (use.kind !== 'inner') {
      faults.add(
        'PACK_INNER_SECRET',
        `${at}/secrets/${index}`,
        'Secrets must be passed to a pack by name: {inner: outer}.',
      );
      continue;
    }
    const outer = secretNamed(use.name, inner);
    if (!asked.includes(use.inner)) {
      const remediation = faults.guess(use.inner, asked, `Secrets of the pack: ${asked.join(', ') || 'none'}.`);
      const message = `The pack ${metadata.name} does not request the secret ${use.inner}.`;
      faults.add('PACK_INNER_SECRET', pointerTo(`${at}/secrets`, use.inner), message, { key: true, remediation });
    } else if (outer !== null) secrets.set(use.inner, outer);
  }
  for (const { name, required } of spec.secrets) {
    if (!required || body.secrets.some((use) => use.kind === 'inner' && use.inner === name)) continue;
    faults.add('PACK_INNER_SECRET', `${at}/uses`, `The secret ${name} of the pack is not passed.`);
  }
  return {
    secrets,
    approvals: approvalsOf(planned, body, unit, context),
    place: placeOf(planned),
    egressWithin: [
      ...(inner?.egressWithin ?? []),
      ...(spec.sandbox.egressAllowlist === null ? [] : [[...new Set(spec.sandbox.egressAllowlist)].sort()]),
    ],
    attemptTimeoutMs: spec.sandbox.timeoutMs ?? inner?.attemptTimeoutMs ?? null,
  };
}

/** Every approval of the inner pack must be mapped to one of the outermost pack that requires no less and leaves no more time. */
function approvalsOf(
  planned: PlannedStep,
  body: RunBody,
  unit: PackUnit,
  { faults, inner, approvals }: StepContext,
): ReadonlyMap<string, string> {
  const at = `${planned.step.at}/run`;
  const asked = unit.read.pack.spec.approvals;
  const ids = asked.map(({ id }) => id);
  const mapped = new Map<string, string>();
  for (const [id, own] of Object.entries(body.approvals)) {
    const place = pointerTo(`${at}/approvals`, id);
    const wanted = asked.find((one) => one.id === id);
    if (wanted === undefined) {
      const remediation = faults.guess(id, ids, `Approvals of the pack: ${ids.join(', ') || 'none'}.`);
      faults.add('PACK_INNER_APPROVAL', place, `The pack has no approval ${id}.`, { key: true, remediation });
      continue;
    }
    const outer = approvalNamed(own, inner);
    mapped.set(id, outer);
    const rule = approvals.find((one) => one.id === outer);
    if (rule !== undefined && !isAtLeast(rule, wanted))
      faults.add('PACK_INNER_APPROVAL', place, `${own} is less strict than ${id} of the inner pack.`, {
        remediation: 'Map it to an approval that is at least as strict.',
      });
    else if (rule !== undefined && !isAsShort(rule, wanted))
      faults.add('PACK_INNER_APPROVAL', place, `${own} allows more time than ${id} of the inner pack.`, {
        remediation: 'Set expiresAfter and executeWithin to at most the values of the inner pack.',
      });
  }
  const open = ids.filter((id) => !Object.hasOwn(body.approvals, id));
  if (open.length > 0)
    faults.add('PACK_INNER_APPROVAL', `${at}/uses`, `No approval is mapped to ${open.join(', ')} of the pack.`);
  return mapped;
}
