import { digestOf } from '@taskrunner/core/canonical';
import type { Gate } from '@taskrunner/client';
import { isGenuine } from './genuine';

const show = { findings: 3 };
const request = { runId: 'run_1', gate: 'accept', planHash: 'sha256:1', message: 'Go?', showDigest: digestOf(show) };
const gate = {
  ...{ runId: 'run_1', gateId: 'accept', planHash: 'sha256:1', gateDigest: digestOf(request), show },
  request: request as unknown as Gate['request'],
};

it('is what the digest stands for', async () => {
  expect(await isGenuine(gate)).toBe(true);
});

it('is not another message, other values, or the request of another gate, run or plan', async () => {
  const others: Partial<typeof gate>[] = [
    { request: { ...gate.request, message: 'Stay?' } },
    { show: { findings: 4 } },
    { gateId: 'other' },
    { runId: 'run_2' },
    { planHash: 'sha256:2' },
  ];
  for (const other of others) expect(await isGenuine({ ...gate, ...other })).toBe(false);
});
