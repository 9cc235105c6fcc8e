import { createInterface, type Interface } from 'node:readline/promises';
import { lineAs } from './hints/called-as';
import type { Terminal } from './terminal';

/** The terminal of this process. */
export class ProcessTerminal implements Terminal {
  /** The question that waits for an answer. */
  private asking: Prompt | null = null;

  constructor(readonly calledAs = 'taskrunner') {}

  print(line: string): void {
    if (process.stdout.isTTY) this.above(() => process.stdout.write(`${line}\n`));
    else process.stdout.write(`${line}\n`);
  }

  say(line: string): void {
    this.above(() => process.stderr.write(`${lineAs(line, this.calledAs)}\n`));
  }

  draw(text: string): void {
    this.above(() => process.stderr.write(text));
  }

  get isInteractive(): boolean {
    return process.stdout.isTTY === true && process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  get canAsk(): boolean {
    return process.stdin.isTTY === true;
  }

  get columns(): number {
    return process.stderr.columns || 80;
  }

  get rows(): number {
    return process.stderr.rows || 24;
  }

  async ask(question: string, over?: AbortSignal): Promise<string | null> {
    if (!this.canAsk || over?.aborted) return null;
    const prompt: Prompt = createInterface({ input: process.stdin, output: process.stderr });
    // Otherwise neither Ctrl-C nor the end of the input would end the question.
    const left = new AbortController();
    prompt.on('SIGINT', () => left.abort());
    prompt.on('close', () => left.abort());
    const end = (): void => {
      this.asking = null;
      process.stderr.write('\n');
      prompt.close();
    };
    over?.addEventListener('abort', end, { once: true });
    this.asking = prompt;
    try {
      return await prompt.question(question, { signal: left.signal });
    } catch {
      return null;
    } finally {
      over?.removeEventListener('abort', end);
      this.asking = null;
      prompt.close();
    }
  }

  /** Writes above a question that waits, and repeats the question below, with what has been typed. */
  private above(write: () => void): void {
    const prompt = this.asking;
    if (prompt === null || process.env['TERM'] === 'dumb') return write();
    const { rows } = prompt.getCursorPos();
    // CSI n A: up; CSI J: erase below (ECMA-48).
    process.stderr.write(`${rows > 0 ? `\u001b[${rows}A` : ''}\r\u001b[J`);
    write();
    // It would go up again by the rows that it had.
    prompt.prevRows = 0;
    prompt.prompt(true);
  }
}

/** An interface of `node:readline` counts the rows of the question above its cursor. */
type Prompt = Interface & { prevRows?: number };
