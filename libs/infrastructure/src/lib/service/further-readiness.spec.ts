import { FurtherReadiness, type PartReadiness } from './further-readiness';

const READY: PartReadiness = { ready: true, reason: null };
const down = (reason: string): PartReadiness => ({ ready: false, reason });

async function answersOf(further: FurtherReadiness, database: PartReadiness): Promise<object> {
  const parts = Object.entries(further.with({ database: async () => database }));
  return Object.fromEntries(await Promise.all(parts.map(async ([name, ask]) => [name, await ask()] as const)));
}

it('adds parts by name; one that was there is ready if both say so', async () => {
  const further = new FurtherReadiness();
  expect(await answersOf(further, READY)).toEqual({ database: READY });
  further.add('worker', async () => down('the worker is draining'));
  expect(await answersOf(further, READY)).toEqual({ database: READY, worker: down('the worker is draining') });
  further.add('database', async () => down('full'));
  expect(await answersOf(further, READY)).toMatchObject({ database: down('full') });
  expect(await answersOf(further, down('away'))).toMatchObject({ database: down('away') });
});
