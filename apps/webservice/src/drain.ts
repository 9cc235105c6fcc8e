import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { HttpSettings } from './configuration';
import { Departure } from './departure';
import { OpenStreams } from './logs/open-streams';
import { Observability } from './observability';

/** How often connections are closed that have become idle, milliseconds. */
const SWEEP_MS = 50;

/**
 * The end of the API: readiness fails while requests are answered for `http.lameDuck` longer; then streams are told where to go on, and
 * requests under way have `http.drain` to end. NestJS takes no new connections from then on, and closes the modules when all are gone.
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
    // Connections that are idle after their last answer would hold the process.
    this.sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    this.cut = setTimeout(() => {
      this.observability.log.say('warn', 'webservice.cut-off', { drainMs: drain });
      server.closeAllConnections();
    }, drain);
  }

  /** All connections are gone. */
  onApplicationShutdown(): void {
    clearInterval(this.sweep);
    clearTimeout(this.cut);
  }
}
