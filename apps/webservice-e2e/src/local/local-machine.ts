import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NODE_ENVIRONMENT } from '../stack/node-environment';
import { ROOT } from '../stack/stack';
import { INNER, type ComparedPack } from './packs';

const PROGRAM = join(ROOT, 'apps/cli/bin/taskrunner.js');

/** An account that has an empty home and no server. */
export class LocalMachine {
  readonly home = mkdtempSync(join(tmpdir(), 'taskrunner-local-'));
  readonly account = userInfo().username;
  readonly trust = join(this.home, '.local/share/taskrunner/identity/trust.json');

  /** `variables`: settings of its runs. */
  constructor(private readonly variables: Readonly<Record<string, string>>) {}

  /** Writes a pack to a folder. */
  write({ name, manifest }: ComparedPack): string {
    const folder = join(this.home, name);
    mkdirSync(join(folder, 'inner'), { recursive: true });
    writeFileSync(join(folder, 'pack.yaml'), manifest);
    writeFileSync(join(folder, 'inner/pack.yaml'), INNER);
    return folder;
  }

  /** Runs a pack at a terminal, at which a second local person types the answers of the pack. Returns what the terminal shows. */
  async run(compared: ComparedPack): Promise<{ readonly exit: number; readonly text: string; readonly file: string }> {
    const file = join(this.home, `${compared.name}.tar`);
    const inputs = Object.entries(compared.inputs).flatMap(([name, value]) => ['-i', `${name}=${value}`]);
    const words = ['run', this.write(compared), ...inputs, '--as', 'grace', '--evidence', file];
    const line = [process.execPath, PROGRAM, ...words].join(' ');
    const env = { ...NODE_ENVIRONMENT, HOME: this.home, TERM: 'dumb', ...this.variables };
    const child = spawn('script', ['-qefc', line, '/dev/null'], { cwd: this.home, env });
    let text = '';
    child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
    let isOver = false;
    const ended = once(child, 'close').then(([code]) => ((isOver = true), code as number));
    let from = 0;
    for (const [question, answer] of compared.answers) {
      while (!question.test(text.slice(from)) && !isOver) await delay(20);
      from = text.length;
      // The gate that is asked about was shown last.
      const said = typeof answer === 'string' ? answer : [...text.matchAll(answer)].at(-1)?.[1];
      child.stdin.write(`${said ?? ''}\r`);
    }
    return { exit: await ended, text, file };
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
