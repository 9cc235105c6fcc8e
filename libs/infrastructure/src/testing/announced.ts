import type { ChildProcess } from 'node:child_process';

/** Only the beginning of what a program prints is kept: each request may add a line. */
const KEPT = 10_000;

/**
 * What a program prints on its error output about where it listens: the first group of `pattern`. A program that chooses its port itself
 * cannot lose it to another process, as it can if a test looks for a free port first.
 */
export function announced(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (printed.length < KEPT) printed += text;
      const [, found] = pattern.exec(printed) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`${child.spawnfile} ended with ${code}: ${printed}`)));
  });
}
