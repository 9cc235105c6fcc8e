import type { LoggerService } from '@nestjs/common';
import type { ServiceLog } from './observability';

type Said = Parameters<ServiceLog['say']>;

/**
 * Sends messages of the framework to our log. An object with an `event` is logged under that name. The framework's messages at start have
 * level debug. Messages before the log exists are buffered.
 */
export class NestLog implements LoggerService {
  private inner: ServiceLog | null = null;
  private readonly waiting: Said[] = [];

  /** Uses this log from now on, also for buffered messages. */
  sayTo(log: ServiceLog): void {
    this.inner = log;
    for (const said of this.waiting.splice(0)) log.say(...said);
  }

  readonly log = this.at('debug');
  readonly warn = this.at('warn');
  readonly error = this.at('error');
  readonly fatal = this.at('error');
  readonly debug = this.at('debug');
  readonly verbose = this.at('trace');

  private at(level: Said[0]) {
    return (message: unknown, ...more: unknown[]): void => {
      const said: Said = isEvent(message) ? eventOf(level, message) : chatterOf(level, message, more);
      if (this.inner) this.inner.say(...said);
      else this.waiting.push(said);
    };
  }
}

interface EventMessage {
  readonly event: string;
  readonly [field: string]: unknown;
}

function isEvent(message: unknown): message is EventMessage {
  return typeof message === 'object' && message !== null && 'event' in message && typeof message.event === 'string';
}

function eventOf(level: Said[0], { event, ...fields }: EventMessage): Said {
  return [level, event, fields];
}

/** Nest passes the context last; for an error, the stack before it. */
function chatterOf(level: Said[0], message: unknown, more: readonly unknown[]): Said {
  const context = more.at(-1);
  const rest = more.slice(0, -1);
  return [level, 'nest', { message, context, ...(rest.length > 0 ? { more: rest } : {}) }];
}
