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

  /** Whether the service may receive requests, with the status of its parts. */
  async readiness(ready: () => Promise<Readiness>): Promise<Readiness> {
    return this.hasBegun ? { ready: false, reason: 'the service is stopping' } : ready();
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
