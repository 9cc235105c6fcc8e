import type { Plan } from '../../plan/plan';
import { sha256 } from '../../canonical/digest';
import { suggestedReason } from './suggested-reason';

const plan = (reasonTemplate: string | null): Pick<Plan, 'approvals' | 'inputs' | 'pack'> => ({
  pack: { name: 'rollout', version: '1.4.0', contentDigest: sha256('content') },
  inputs: { ticket: 'SEC-42', pin: { sensitive: true } },
  approvals: [{ id: 'owners', reasonTemplate } as Plan['approvals'][number]],
});

it('is rendered from the inputs and the pack', () => {
  const template = '{{ inputs.ticket }}: {{ pack.name }} {{ pack.version }} was read';
  expect(suggestedReason(plan(template), 'owners')).toBe('SEC-42: rollout 1.4.0 was read');
  expect(suggestedReason(plan('read'), 'owners')).toBe('read');
});

it('is absent if there is none, or if it cannot be rendered', () => {
  expect(suggestedReason(plan(null), 'owners')).toBeNull();
  expect(suggestedReason(plan('read'), 'others')).toBeNull();
  expect(suggestedReason(plan('{{ inputs.pin }}'), 'owners')).toBeNull();
  expect(suggestedReason(plan('{{ inputs.absent }}'), 'owners')).toBeNull();
});
