import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The command, as it is installed. */
export const PROGRAM = join(__dirname, '../../bin/taskrunner.js');

/** Working directory and variables of a process. */
interface Place {
  readonly work: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A command that was started. */
export interface Running {
  readonly child: ChildProcess;
  /** Both outputs, as far as they have come. */
  said(): string;
  /** Resolves when the output contains the text, or the process ends. */
  until(text: string): Promise<void>;
  ended: Promise<number>;
}

/** Starts a program without a terminal. */
export function startedIn({ work, env }: Place, words: readonly string[]): Running {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: work,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = once(child, 'close').then(([code]) => code as number);
  let isOver = false;
  void ended.then(() => (isOver = true));
  const until = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted) && !isOver) await delay(20);
  };
  return { child, said: () => text, until, ended };
}

/** A program at a terminal. Each answer is typed when its question is there. */
export async function atTerminalIn(
  { work, env }: Place,
  words: readonly string[],
  answers: readonly (readonly [RegExp, string | RegExp])[],
): Promise<{ readonly exit: number; readonly text: string }> {
  const line = [process.execPath, PROGRAM, ...words].join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], { cwd: work, env: { ...env, TERM: 'dumb' } });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = once(child, 'close').then(([code]) => code as number);
  let isOver = false;
  void ended.then(() => (isOver = true));
  let from = 0;
  for (const [question, answer] of answers) {
    while (!question.test(text.slice(from)) && !isOver) await delay(20);
    from = text.length;
    child.stdin.write(`${typeof answer === 'string' ? answer : (answer.exec(text)?.[1] ?? '')}\r`);
  }
  return { exit: await ended, text };
}
