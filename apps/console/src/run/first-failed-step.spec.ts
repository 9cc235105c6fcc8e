import { answeredClient, queryOf } from '../testing/answered-client';
import { firstFailedStep } from './first-failed-step';

it('looks into maps for the step that failed', async () => {
  const failed: Readonly<Record<string, string>> = { fan: 'fan[7]', 'fan[7]': 'fan[7]::probe' };
  const client = answeredClient((request) => {
    const { parent = '', status } = queryOf(request);
    const id = status === 'failed' ? failed[parent] : undefined;
    return Response.json({ items: id === undefined ? [] : [{ id }], nextCursor: null });
  });
  expect(await firstFailedStep(client, 'run_1', 'fan')).toBe('fan[7]::probe');
  expect(await firstFailedStep(client, 'run_1', 'scan')).toBe('scan');
});
