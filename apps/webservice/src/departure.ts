import type { NextFunction, Request, Response } from 'express';

/**
 * The shutdown of a service that still answers. Readiness fails, so that load balancers send nothing new, and every response closes its
 * connection, so that clients reconnect to another instance.
 */
export class Departure {
  private hasBegun = false;

  begin(): void {
    this.hasBegun = true;
  }

  /** The parts that decide whether the service may receive requests. While it stops, none of them is the cause. */
  parts(parts: ReadinessParts): ReadinessParts {
    return this.hasBegun ? { webservice: async () => STOPPING } : parts;
  }

  readonly watch = (_request: Request, response: Response, next: NextFunction): void => {
    if (this.hasBegun) response.setHeader('Connection', 'close');
    next();
  };
}

interface Readiness {
  readonly ready: boolean;
  readonly reason: string | null;
}

type ReadinessParts = Readonly<Record<string, () => Promise<Readiness>>>;

const STOPPING: Readiness = { ready: false, reason: 'the service is stopping' };
