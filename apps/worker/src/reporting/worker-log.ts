/** The worker's log: an event with its details. It never contains a value of a run. */
export interface WorkerLog {
  say(level: Level, event: string, fields?: { readonly [name: string]: unknown }): void;
}

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
