import { parentPort } from 'node:worker_threads';
import { SEVERAL, TURN_MS, type Question, type Said } from './thread-protocol';
import { kernelThread } from './thread-time';

/** Makes this thread a member of `WorkThreads`, which answers one request after the other with a pure function. */
export function answerQuestions(answerTo: (kind: string, asked: unknown) => unknown): void {
  const port = parentPort;
  if (port === null) throw new TypeError('this script is for threads');
  const say = (said: Said): void => port.postMessage(said);
  const answer = ({ kind, asked }: Question): Said => {
    try {
      return { kind: 'answer', answer: answerTo(kind, asked) };
    } catch (error) {
      if (error instanceof RangeError) return { kind: 'outgrown' };
      return { kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  const answerEach = (questions: readonly Question[]): readonly Said[] => {
    const end = performance.now() + TURN_MS;
    return questions.map((question, at) => (at > 0 && performance.now() >= end ? { kind: 'left' } : answer(question)));
  };
  port.on('message', (question: Question) => {
    const { kind, asked } = question;
    say(kind === SEVERAL ? { kind: 'answer', answer: answerEach(asked as readonly Question[]) } : answer(question));
  });
  say({ kind: 'ready', thread: kernelThread() });
}
