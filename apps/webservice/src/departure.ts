import type { NextFunction, Request, Response } from 'express';

/**
 * A service that was told to end, and still answers: readiness fails, so that balancers send nothing new, and every answer closes its
 * connection, so that clients come again over one that leads elsewhere.
 */
export class Departure {
  private hasBegun = false;

  begin(): void {
    this.hasBegun = true;
  }

  /** Whether the service may be sent requests, with what its parts say. */
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
