import {
  Inject,
  Injectable,
  createParamDecorator,
  mixin,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { Request } from 'express';
import { ApiError } from '../problems/problem';
import { deadlineOf } from './body-deadline';
import { objectionToJson } from './check-json';
import { refuseNul } from './nul';
import { validated } from './validated';

/** A body, read and checked, and its bytes. */
export interface ReadBody<Dto> {
  readonly value: Dto;
  readonly bytes: Uint8Array;
}

/** Largest body, bytes: a token for dependency injection. */
export const BODY_LIMIT = Symbol('body limit');

const RequestOf = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  context.switchToHttp().getRequest<Request>(),
);

/**
 * The JSON body as an instance of a request class; one that is optional and absent counts as `{}`. It is read only after the caller is known: before that a request costs no
 * memory.
 */
export const JsonBody = <Dto extends object>(
  type: Type<Dto>,
  { isOptional = false }: { readonly isOptional?: boolean } = {},
): ParameterDecorator => RequestOf(bodyPipe(type, isOptional));

function bodyPipe<Dto extends object>(type: Type<Dto>, isOptional: boolean): Type<PipeTransform> {
  @Injectable()
  class JsonBodyPipe implements PipeTransform {
    constructor(@Inject(BODY_LIMIT) private readonly limit: number) {}

    async transform(request: Request): Promise<ReadBody<Dto>> {
      if (isOptional && !hasBody(request)) return { value: validated(type, {}), bytes: new Uint8Array() };
      const bytes = await readBytes(request, this.limit);
      const value = parse(bytes);
      refuseNul(value);
      return { value: validated(type, value), bytes };
    }
  }
  return mixin(JsonBodyPipe);
}

/** RFC 9112 §6.3: a request has a body if it says how long it is, or that it comes in chunks. */
function hasBody(request: Request): boolean {
  return request.get('transfer-encoding') !== undefined || Number(request.get('content-length') ?? 0) > 0;
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  if (!request.is(['json', '+json'])) throw new ApiError('BODY_MEDIA_TYPE', 'the body must be application/json');
  if ((request.get('content-encoding') ?? 'identity') !== 'identity')
    throw new ApiError('BODY_MEDIA_TYPE', 'the body must not be compressed');
  if (Number(request.get('content-length') ?? 0) > limit) throw tooLarge(limit);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const cutOff = (): void => {
      if (!request.readableEnded) reject(new ApiError('BODY_UNREADABLE', 'the body was cut off'));
    };
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= limit) return parts.push(part);
      request.pause();
      return reject(tooLarge(limit));
    });
    request.once('end', () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, size)));
    request.once('error', cutOff);
    request.once('close', cutOff);
    if (request.destroyed) cutOff();
    const late = (): void =>
      reject(new ApiError('BODY_TIMEOUT', 'the body did not come in time', [], { Connection: 'close' }));
    const deadline = deadlineOf(request);
    if (deadline?.aborted) late();
    deadline?.addEventListener('abort', late);
  });
}

function parse(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    // The message of JSON.parse quotes the text; only the place is handed on.
    const place = cause instanceof SyntaxError ? (/position \d+/.exec(cause.message)?.[0] ?? 'its end') : 'its bytes';
    throw new ApiError('BODY_UNREADABLE', `the body is not JSON in UTF-8, see ${place}`);
  }
  const objection = objectionToJson(text);
  if (objection) throw new ApiError('BODY_UNREADABLE', `the body has ${objection.what} at position ${objection.at}`);
  return value;
}

function tooLarge(limit: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `a body may have ${limit} bytes`, [], { Connection: 'close' });
}
