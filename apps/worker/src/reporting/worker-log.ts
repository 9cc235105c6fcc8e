/** What the worker says of itself: an event, and what varies. Never a value of a run. */
export interface WorkerLog {
  say(level: Level, event: string, fields?: { readonly [name: string]: unknown }): void;
}

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
