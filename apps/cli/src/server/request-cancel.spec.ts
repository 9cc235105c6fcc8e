import { ApiProblem, ClientError } from '@taskrunner/client';
import { requestCancel } from './request-cancel';

const LOST = new ClientError('CLIENT_SERVER_UNREACHABLE', 'no answer', 'Try again.');
const AWAY = new ApiProblem(503, { code: 'DATABASE_UNAVAILABLE', detail: 'away', retryable: true }, null);
const ENDED = new ApiProblem(409, { code: 'RUN_ENDED', detail: 'the run has ended', retryable: false }, null);

/** What is said of these answers, and how often it was asked. */
async function said(...answers: readonly (Error | null)[]) {
  const lines: string[] = [];
  let asked = 0;
  const cancel = async () => {
    const answer = answers[asked++] ?? null;
    if (answer !== null) throw answer;
  };
  await requestCancel(cancel, { runId: 'run_1', terminal: { say: (line) => void lines.push(line) }, pauseMs: 0 });
  return { lines: lines.slice(1), asked };
}

describe('a cancellation from the keyboard', () => {
  it('is requested again where the answer was lost, and nobody is told that the run is not cancelled', async () => {
    for (const lost of [LOST, AWAY]) {
      const { lines, asked } = await said(lost, null);
      expect(asked).toBe(2);
      expect(lines).toEqual([
        expect.stringMatching(/^it is unknown whether the run is cancelled: .*asking again …$/),
        'the server has received the cancellation',
      ]);
    }
  });

  it('stays unknown if no answer comes', async () => {
    const { lines, asked } = await said(LOST, LOST, LOST);
    expect([asked, lines.at(-1)]).toEqual([3, 'help: See its status with: taskrunner show run_1']);
  });

  it('is not made only if the server refuses it', async () => {
    const { lines, asked } = await said(ENDED);
    expect([asked, lines]).toEqual([1, [expect.stringMatching(/^not cancelled: /)]]);
  });
});
