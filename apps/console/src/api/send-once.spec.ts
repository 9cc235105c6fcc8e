import { answeredClient } from '../testing/answered-client';
import { failureText } from './problem';
import { sendOnce } from './send-once';

const GATE = { runId: 'run_1', gateId: 'g', planHash: 'sha256:1', gateDigest: 'sha256:2' };

it('does not send what cannot be sent now, neither then nor later', async () => {
  let sent = 0;
  const sending = sendOnce('the decision', false, async () => (sent += 1));
  const error: unknown = await sending.catch((refused: unknown) => refused);
  expect(failureText(error)).toMatchObject({
    code: 'NOT_SENT',
    message: 'The decision was not sent. This browser has no connection.',
    remediation: expect.stringMatching(/Nothing is sent later\. Press again/),
  });
  expect(sent).toBe(0);
});

it('does not promise to try again what had no answer, and sends it once', async () => {
  let sent = 0;
  const client = answeredClient(() => {
    sent += 1;
    throw new TypeError('fetch failed');
  });
  const error: unknown = await sendOnce('the decision', true, () => client.approve(GATE)).catch((one: unknown) => one);
  const text = failureText(error);
  expect(text?.code).toBe('NO_ANSWER');
  expect(text?.message).toBe('It is unknown whether the decision arrived: no answer of the server came.');
  expect(text?.remediation).toMatch(/press again/);
  expect(text?.remediation).not.toMatch(/tries again/);
  expect(sent).toBe(1);
});

it('does not know either what became of it where a proxy answers for the server', async () => {
  const client = answeredClient(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  const error: unknown = await sendOnce('the decision', true, () => client.approve(GATE)).catch((one: unknown) => one);
  expect(failureText(error)).toMatchObject({ code: 'NO_ANSWER', message: expect.stringMatching(/^It is unknown/) });
});

it('leaves a refusal of the server as it is', async () => {
  const client = answeredClient(() => Response.json({ code: 'GATE_STALE', title: 't', detail: 'd' }, { status: 409 }));
  await expect(sendOnce('the decision', true, () => client.approve(GATE))).rejects.toMatchObject({ status: 409 });
});
