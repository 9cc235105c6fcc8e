import type { Api } from '../api/api';
import { firstFailedStep } from './first-failed-step';

it('looks into maps for the step that failed', async () => {
  const failed: Readonly<Record<string, string>> = { fan: 'fan[7]', 'fan[7]': 'fan[7]::probe' };
  const api = {
    get: async (_path: string, { parent }: Readonly<Record<string, string>>) => {
      const id = failed[parent ?? ''];
      return { items: id === undefined ? [] : [{ id }], nextCursor: null };
    },
  } as unknown as Pick<Api, 'get'>;
  expect(await firstFailedStep(api, 'run_1', 'fan')).toBe('fan[7]::probe');
  expect(await firstFailedStep(api, 'run_1', 'scan')).toBe('scan');
});
