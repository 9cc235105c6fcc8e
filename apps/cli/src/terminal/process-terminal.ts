import { createInterface } from 'node:readline/promises';
import { lineAs } from './hints/called-as';
import type { Terminal } from './terminal';

/** The terminal of this process. */
export class ProcessTerminal implements Terminal {
  constructor(readonly calledAs = 'taskrunner') {}

  print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  say(line: string): void {
    process.stderr.write(`${lineAs(line, this.calledAs)}\n`);
  }

  draw(text: string): void {
    process.stderr.write(text);
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

  async ask(question: string): Promise<string | null> {
    if (!this.canAsk) return null;
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    // Otherwise neither Ctrl-C nor the end of the input would end the question.
    const left = new AbortController();
    prompt.on('SIGINT', () => left.abort());
    prompt.on('close', () => left.abort());
    try {
      return await prompt.question(question, { signal: left.signal });
    } catch {
      return null;
    } finally {
      prompt.close();
    }
  }
}
