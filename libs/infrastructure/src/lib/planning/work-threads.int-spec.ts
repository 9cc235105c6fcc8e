import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { CodedError, isCodedError } from '@taskrunner/core/foundation';
import type { PlanningLimits } from '@taskrunner/core/ports';
import { ThreadLife } from './thread-life';
import { SEVERAL, type Question } from './thread-protocol';
import { WorkThreads } from './work-threads';

class Refused extends CodedError<string> {}
const refused = (code: string) => () => new Refused(code, code, code);

/** Does what the kind of a task says, and returns what it was asked. */
const SCRIPT = `
const { answerQuestions } = require(${JSON.stringify(join(__dirname.replace(`${sep}src${sep}`, `${sep}dist${sep}`), 'answer-questions.js'))});
const kinds = {
  say: () => undefined,
  fail: () => { throw new Error('failed'); },
  outgrow: () => { throw new RangeError('deep'); },
  work: () => { for (;;); },
  pace: () => { for (const end = performance.now() + 50; performance.now() < end;); },
  hold: () => { const held = []; for (;;) held.push(Array(1000).fill(0.5)); },
};
answerQuestions((kind, asked) => { kinds[kind](); return asked; });
`;

type Kind = 'say' | 'fail' | 'outgrow' | 'work' | 'pace' | 'hold';
type Work = { readonly [K in Kind]: { readonly asked: string; readonly answer: string } };

let folder: string;
let script: string;
const opened: WorkThreads<Work>[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'threads-'));
  script = join(folder, 'thread.js');
  writeFileSync(script, SCRIPT);
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const threads of opened.splice(0)) await threads.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function threads(more: Partial<PlanningLimits> = {}): WorkThreads<Work> {
  const errors = { tookTooLong: refused('LATE'), tookTooMuch: refused('MUCH'), starved: refused('STARVED') };
  const limits = { memory: 64 * 1024 ** 2, time: 1_000, threads: 1, queue: 100, ...more };
  const made = { name: 'thread', script, context: null, limits, ...errors };
  const isShort = ({ asked }: Question): boolean => !String(asked).startsWith('long');
  const one = new WorkThreads<Work>({ ...made, isShort, busy: refused('BUSY'), unavailable: refused('GONE') }, true);
  opened.push(one);
  return one;
}

/** The answer, or the code or message of the error. */
const outcome = (asked: Promise<string>): Promise<string> =>
  asked.catch((error: unknown) => (isCodedError(error) ? error.code : String(error).split('\n')[0]) as string);

/** The tasks in each message to a thread. */
function sentMessages(): readonly (readonly unknown[])[] {
  const sent: unknown[][] = [];
  const { ask } = ThreadLife.prototype as { readonly ask: (this: ThreadLife, ...sent: unknown[]) => Promise<unknown> };
  jest.spyOn(ThreadLife.prototype, 'ask').mockImplementation(function (this: ThreadLife, question, transfer) {
    const together = question.kind === SEVERAL ? (question.asked as readonly Question[]) : [question];
    sent.push(together.map(({ asked }) => asked));
    return ask.call(this, question, transfer);
  });
  return sent;
}

describe('short tasks that wait', () => {
  it('are sent together, those of one tenant, and tenants take turns', async () => {
    const [sent, one] = [sentMessages(), threads()];
    const asked = ['a0', 'a1', 'a2', 'b0', 'a3', 'long a4', 'a5', 'b1'].map((text) =>
      one.ask(text.replace('long ', '').charAt(0), 'say', text),
    );
    expect(await Promise.all(asked)).toEqual(['a0', 'a1', 'a2', 'b0', 'a3', 'long a4', 'a5', 'b1']);
    expect(sent).toEqual([['a0'], ['a1', 'a2', 'a3'], ['b0', 'b1'], ['long a4'], ['a5']]);
  });

  it('are sent at most eight at a time, and are shared by the threads that their tenant may use', async () => {
    for (const [number, sizes] of [
      [1, [1, 8, 3]],
      [3, [1, 1, 5, 3, 1, 1]],
    ] as const) {
      const [sent, some] = [sentMessages(), threads({ threads: number })];
      await Promise.all(Array.from({ length: 12 }, async (_, i) => some.ask('a', 'say', `a${i}`)));
      expect(sent.map(({ length }) => length)).toEqual(sizes);
      jest.restoreAllMocks();
    }
  });

  it('wait for another turn, behind other tenants, if those before them in their message are slow', async () => {
    const [sent, one] = [sentMessages(), threads()];
    const kinds = ['say', 'pace', 'pace', 'pace', 'say'] as const;
    const asked = kinds.map(async (kind, at) => one.ask('a', kind, `a${at}`));
    const other = one.ask('b', 'say', 'b0');
    expect(await Promise.all([...asked, other])).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'b0']);
    expect(sent).toEqual([['a0'], ['a1', 'a2', 'a3', 'a4'], ['b0'], ['a2', 'a3', 'a4'], ['a3', 'a4'], ['a4']]);
  });

  it('have an answer or an error each', async () => {
    const one = threads();
    const kinds = ['say', 'say', 'fail', 'outgrow', 'say'] as const;
    const outcomes = kinds.map(async (kind, at) => outcome(one.ask('a', kind, `${at}`)));
    expect(await Promise.all(outcomes)).toEqual(['0', '1', 'Error: a thread threw: Error: failed', 'MUCH', '4']);
  });

  it.each([
    ['LATE', 'work'],
    ['MUCH', 'hold'],
  ] as const)('are tried again one by one if one of them ends their thread (%s)', async (code, kind) => {
    const [sent, one] = [sentMessages(), threads()];
    const kinds = ['say', 'say', kind, 'say'] as const;
    const outcomes = kinds.map(async (each, at) => outcome(one.ask('a', each, `a${at}`)));
    expect(await Promise.all(outcomes)).toEqual(['a0', 'a1', code, 'a3']);
    expect(sent).toEqual([['a0'], ['a1', 'a2', 'a3'], ['a1'], ['a2'], ['a3']]);
  });

  it('are refused if the threads are closed meanwhile', async () => {
    const one = threads();
    const outcomes = (['say', 'say', 'work'] as const).map(async (kind, at) => outcome(one.ask('a', kind, `a${at}`)));
    expect(await outcomes[0]).toBe('a0');
    await one.close();
    expect(await Promise.all(outcomes)).toEqual(['a0', 'GONE', 'GONE']);
  });
});
