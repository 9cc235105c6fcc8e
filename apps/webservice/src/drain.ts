import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { HttpSettings } from './configuration';
import { Departure } from './departure';
import { OpenStreams } from './logs/open-streams';
import { Observability } from './observability';

/** Interval of closing connections that have become idle, milliseconds. */
const SWEEP_MS = 50;

/**
 * The shutdown of the API. Readiness fails while requests are still answered for `http.lameDuck`. Then streams end with a hint where to
 * resume, and active requests have `http.drain` to end. From then on NestJS accepts no new connections; it closes the modules when all
 * connections are closed.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown, OnApplicationShutdown {
  private sweep: NodeJS.Timeout | undefined;
  private cut: NodeJS.Timeout | undefined;

  constructor(
    private readonly departure: Departure,
    private readonly streams: OpenStreams,
    private readonly observability: Observability,
    private readonly http: HttpSettings,
    private readonly adapter: HttpAdapterHost,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.adapter.httpAdapter.getHttpServer() as Server;
    if (!server.listening) return;
    const { lameDuck, drain } = this.http;
    this.departure.begin();
    this.observability.log.say('info', 'webservice.stopping', { lameDuckMs: lameDuck, drainMs: drain });
    await delay(lameDuck);
    this.streams.end();
    // Connections that become idle after their last response would keep the process alive.
    this.sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    this.cut = setTimeout(() => {
      this.observability.log.say('warn', 'webservice.cut-off', { drainMs: drain });
      server.closeAllConnections();
    }, drain);
  }

  /** Resolves when all connections are closed. */
  onApplicationShutdown(): void {
    clearInterval(this.sweep);
    clearTimeout(this.cut);
  }
}
