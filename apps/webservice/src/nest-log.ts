import type { LoggerService } from '@nestjs/common';
import type { ServiceLog } from './observability';

type Said = Parameters<ServiceLog['say']>;

/** What the framework says, in our log. Its chatter at start is for debugging. What it says before there is a log is said then. */
export class NestLog implements LoggerService {
  private inner: ServiceLog | null = null;
  private readonly waiting: Said[] = [];

  /** From now on, and what waits. */
  sayTo(log: ServiceLog): void {
    this.inner = log;
    for (const said of this.waiting.splice(0)) log.say(...said);
  }

  log(message: unknown, ...more: unknown[]): void {
    this.say('debug', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.say('warn', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.say('error', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.say('error', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.say('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.say('trace', message, more);
  }

  /** Nest hands the context over last; of an error, its stack before it. */
  private say(level: Said[0], message: unknown, more: readonly unknown[]): void {
    const context = more.at(-1);
    const rest = more.slice(0, -1);
    const said: Said = [level, 'nest', { message, context, ...(rest.length > 0 ? { more: rest } : {}) }];
    if (this.inner) this.inner.say(...said);
    else this.waiting.push(said);
  }
}
