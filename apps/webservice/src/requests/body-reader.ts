import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import type { ApiAdapter } from '../api-adapter';
import type { AuthenticatedRequest } from '../auth/caller';
import { ApiError } from '../problems/problem';
import { BODIES, type BodyName } from './bodies';
import type { BodyLimits } from './body-limits';
import { BodyMemory, type HeldBytes } from './body-memory';
import type { BodyThreads } from './body-work';
import { readBody, type ReadBody } from './read-body';
import { ReadingTurns } from './reading-turns';
import { receiveBody, type BodyBounds } from './receive-body';
import type { RefusedBodies } from './refused-bodies';

/**
 * Reads the JSON bodies of requests: small ones on the event loop, large ones in threads. The bytes of large ones are reserved until the
 * request is answered and its route has ended.
 */
export class BodyReader {
  private readonly memory: BodyMemory;
  private readonly reading = new ReadingTurns(1);
  private readonly held = new WeakMap<Request, HeldBytes>();

  constructor(
    private readonly limits: BodyLimits,
    private readonly threads: Pick<BodyThreads, 'ask'>,
    private readonly refused: Pick<RefusedBodies, 'drain'>,
  ) {
    this.memory = new BodyMemory(limits);
  }

  /** The body of a request behind the guard. Rejects with `ApiError`. */
  async read(request: AuthenticatedRequest, name: BodyName): Promise<ReadBody<unknown>> {
    const principal = request.caller?.principal;
    if (principal === undefined) throw new TypeError('request bodies require an authenticated caller');
    if (kindOf(name).isOptional === true && !hasBody(request))
      return readBody(name, Buffer.from('{}'), this.limits.smallValues);
    const { tenant, iss, sub } = principal;
    const held = this.memory.open({ tenant, person: JSON.stringify([iss, sub]) });
    this.held.set(request, held);
    const { blocks, size, values } = await receiveBody(request, this.boundsOf(name), {
      reading: this.reading,
      refused: this.refused,
      held,
    }).catch((error: unknown) => {
      // Its bytes are not kept, although the connection may stay until the rest is discarded.
      held.release();
      throw error;
    });
    const { direct, directValues, smallValues: mostBeside } = this.limits;
    const isKeyed = kindOf(name).isKeyed === true && request.get('idempotency-key') !== undefined;
    if (size <= direct && values <= directValues) return readBody(name, Buffer.concat(blocks), mostBeside, isKeyed);
    const asked = { name, blocks, mostBeside, isKeyed };
    const answer = await this.threads.ask(
      tenant,
      'read',
      asked,
      blocks.map(({ buffer }) => buffer),
    );
    if (answer.kind === 'refused') throw new ApiError(answer.code, answer.detail, answer.faults);
    return answer.body;
  }

  /** The route of a request has ended. The reservation of its body is released when the response has been sent too. */
  done(request: Request, response: Pick<Response, 'closed' | 'once'>): void {
    const held = this.held.get(request);
    if (held === undefined) return;
    if (response.closed) held.release();
    else response.once('close', () => held.release());
  }

  private boundsOf(name: BodyName): BodyBounds {
    const { largest, small, smallValues, levels, keys, elements, direct: free } = this.limits;
    return BODIES[name].bringsPack
      ? { most: largest, free, json: { levels, keys, elements, values: keys + elements } }
      : {
          most: Math.min(small, largest),
          free,
          json: { levels, keys: smallValues, elements: smallValues, values: smallValues },
        };
  }
}

/** Properties that only some kinds of bodies have. */
function kindOf(name: BodyName): { readonly isOptional?: boolean; readonly isKeyed?: boolean } {
  return BODIES[name];
}

/** RFC 9112 §6.3: a request has a body if it states a length or a chunked encoding. */
function hasBody(request: Request): boolean {
  return request.get('transfer-encoding') !== undefined || Number(request.get('content-length') ?? 0) > 0;
}

/** Notifies the body reader when a route has ended, successfully or not. It is no interceptor: Nest pays for each of those with observables. */
@Injectable()
export class BodyRelease implements OnModuleInit {
  constructor(
    private readonly reader: BodyReader,
    private readonly host: HttpAdapterHost<ApiAdapter>,
  ) {}

  onModuleInit(): void {
    this.host.httpAdapter.whenRouteEnds((request, response) => this.reader.done(request, response));
  }
}
