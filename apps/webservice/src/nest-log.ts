import type { LoggerService } from '@nestjs/common';
import type { ServiceLog } from './observability';

type Said = Parameters<ServiceLog['say']>;

/**
 * What the framework says, in our log; and what services say through its logger: an object with an `event` is said under that name. The
 * framework's chatter at start is for debugging. What is said before there is a log is said then.
 */
export class NestLog implements LoggerService {
  private inner: ServiceLog | null = null;
  private readonly waiting: Said[] = [];

  /** From now on, and what waits. */
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

/** Nest hands the context over last; of an error, its stack before it. */
function chatterOf(level: Said[0], message: unknown, more: readonly unknown[]): Said {
  const context = more.at(-1);
  const rest = more.slice(0, -1);
  return [level, 'nest', { message, context, ...(rest.length > 0 ? { more: rest } : {}) }];
}
