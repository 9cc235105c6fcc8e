import type { LoggerService } from '@nestjs/common';
import type { ServiceLog } from './observability';

/** What the framework says, in our log. Its chatter at start is for debugging. */
export class NestLog implements LoggerService {
  constructor(private readonly inner: ServiceLog) {}

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
  private say(level: Parameters<ServiceLog['say']>[0], message: unknown, more: readonly unknown[]): void {
    const context = more.at(-1);
    const rest = more.slice(0, -1);
    this.inner.say(level, 'nest', { message, context, ...(rest.length > 0 ? { more: rest } : {}) });
  }
}
