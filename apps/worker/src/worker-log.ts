/** One JSON object a line on stderr: what the worker says of itself. Never a value of a run. */
export class WorkerLog {
  constructor(private readonly level: Level = 'info') {}

  say(level: Level, event: string, fields: { readonly [name: string]: unknown } = {}): void {
    if (ORDER.indexOf(level) < ORDER.indexOf(this.level)) return;
    process.stderr.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, service: 'worker', event, ...fields })}\n`,
    );
  }
}

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
const ORDER: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error'];
