import { readDocument } from '@taskrunner/core/document';
import { decideEgress, type EgressAttempt, type Target } from '@taskrunner/core/egress';
import { evaluateTemplate } from '@taskrunner/core/expression';
import { isCodedError, isJsonArray, isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import {
  Executor,
  type ExecutionReport,
  type ExecutionRequest,
  type ObjectStore,
  type Outcome,
} from '@taskrunner/core/ports';
import type { Dispatcher } from 'undici';
import type { AttemptEgress, OpenEgress } from './attempt-egress';
import type { DeclaredOutputs } from '../step/declared-outputs';
import { codeOf, refusal } from '../step/executor-error';
import { exchange, NotSent, refusedBy, type HttpSettings } from './http-exchange';
import { httpRequestOf, type HttpRequest } from './http-request';
import { failed, refused, refusedAfterActing } from '../step/outcome';
import { artifactBytesOf } from '../step/run-sizes';
import { keepArtifacts, storeArtifact, type ArtifactContent } from '../step/stored-artifact';

/** Bytes that arrive once and can be read any number of times. */
interface BodySpool {
  readonly size: number;
  add(piece: Uint8Array): Promise<void>;
  /** Bytes from `first` up to, but not including, `end`. */
  read(first: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Dependencies of the http executor. */
export interface HttpExecutorOptions {
  readonly egress: AttemptEgress;
  readonly objects: ObjectStore;
  readonly declared: DeclaredOutputs;
  /** Maximum size of an artifact, bytes. */
  readonly artifactMaxBytes: number;
  /** Temporary storage for a body until it is stored. */
  readonly spool: () => BodySpool;
  readonly settings: HttpSettings;
}

/** Statuses after which another attempt may succeed (RFC 9110 §15). */
const WORTH_ANOTHER = new Set([408, 425, 429, 500, 502, 503, 504]);

const PIECE = 256 * 1024;

type Answer = Dispatcher.ResponseData;

/**
 * `builtin:http`: one request, one response, no redirect. It uses the same socket as a process would, so that the proxy's log is the only
 * record. Its whole URL is checked first, by the same rules.
 */
export class HttpExecutor extends Executor {
  constructor(private readonly options: HttpExecutorOptions) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    if (request.signal.aborted) return { kind: 'stopped', unknown: false };
    const { egress } = this.options;
    try {
      const asked = httpRequestOf(request);
      const decision = decideEgress(egress.rules(request), asked.target);
      if (!decision.allowed) {
        await egress.keep(request, report, egress.rules(request), [deniedAttempt(asked.target, decision.code)]);
        return failed('EGRESS_DENIED', whyDenied(asked.target, decision.code), false);
      }
      const open = await egress.open(request);
      if (open === null) throw refusal('EGRESS_UNAVAILABLE', 'the egress proxy did not open a socket for the step');
      const { outcome, isSent } = await this.talk(asked, open, request, report);
      let isKnown = true;
      try {
        isKnown = await egress.close(open, request, report);
      } catch (error) {
        return isSent ? refusedAfterActing(error, request) : refused(error);
      }
      return isKnown || request.signal.aborted ? outcome : egress.outcomeOfLoss(request);
    } catch (error) {
      return refused(error);
    }
  }

  private async talk(
    asked: HttpRequest,
    open: OpenEgress,
    request: ExecutionRequest,
    report: ExecutionReport,
  ): Promise<{ readonly outcome: Outcome; readonly isSent: boolean }> {
    const sent = await exchange(open.way.path, asked, this.options.settings, request.signal);
    const { answer, isSent, close } = sent;
    try {
      const outcome = await this.hear(answer, asked, request, report);
      return { outcome, isSent: isSent() };
    } catch (error) {
      const mayHaveActed = isSent() && !NotSent.is(error);
      return { outcome: outcomeOfSilence(error, request, mayHaveActed), isSent: mayHaveActed };
    } finally {
      close();
    }
  }

  private async hear(
    answer: Promise<Answer>,
    { method, target }: HttpRequest,
    request: ExecutionRequest,
    report: ExecutionReport,
  ): Promise<Outcome> {
    const response = await answer;
    const said = response.headers['taskrunner-egress'];
    if (typeof said === 'string') throw refusedBy(said, target.host);
    await report.line('info', `${method} ${target.host}:${target.port} ${response.statusCode}`);
    return this.conclude(response, request, report);
  }

  /** Computes the outcome of the step from the response, after its head has arrived. */
  private async conclude(response: Answer, request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    const { statusCode: status, body } = response;
    const { with: parameters } = request;
    if (!isExpected(status, parameters['expect'])) {
      body.on('error', () => undefined).destroy();
      return failed('HTTP_STATUS', `the response has status ${status}`, WORTH_ANOTHER.has(status));
    }
    const headers = headersOf(response.headers);
    const { saveAs, maxBytes } = parameters;
    let content: Json = null;
    if (typeof saveAs === 'string') {
      const most = Math.min(
        typeof maxBytes === 'number' ? maxBytes : Infinity,
        artifactBytesOf(request.run, this.options.artifactMaxBytes),
      );
      const mediaType = /^[\w.+-]+\/[\w.+-]+/.exec(headers['content-type'] ?? '')?.[0] ?? 'application/octet-stream';
      if (!(await this.save(body, { name: saveAs, path: saveAs, mediaType }, most, request, report)))
        return tooLarge(most);
    } else {
      const { maxBodyBytes } = this.options.settings;
      const most = Math.min(typeof maxBytes === 'number' ? maxBytes : Infinity, maxBodyBytes);
      const bytes = await readWhole(body, most);
      if (bytes === null) return tooLarge(most);
      const read = contentOf(bytes, headers['content-type'] ?? '');
      if ('refusal' in read) return read.refusal;
      content = read.content;
    }
    return this.options.declared.accept(request, this.outputsOf({ status, headers, body: content }, parameters));
  }

  /**
   * The body arrives once, and the object store may be unavailable, so the body is spooled until it is stored. False: it has more than
   * `most` bytes.
   */
  private async save(
    body: Answer['body'],
    artifact: Omit<ArtifactContent, 'content'>,
    most: number,
    request: ExecutionRequest,
    report: ExecutionReport,
  ): Promise<boolean> {
    const spool = this.options.spool();
    try {
      for await (const piece of body as AsyncIterable<Uint8Array>) {
        if (spool.size + piece.length > most) return false;
        await spool.add(piece);
      }
      await keepArtifacts(request, report, (held) =>
        storeArtifact(request, this.options.objects, { ...artifact, content: piecesOf(spool) }, most, held),
      );
      return true;
    } finally {
      await spool.close();
    }
  }

  private outputsOf(response: JsonObject, { outputs }: JsonObject): JsonObject {
    if (outputs === undefined) return response;
    const mapped = evaluateTemplate(outputs, { response });
    return isJsonObject(mapped) ? mapped : {};
  }
}

/** The outcome if no complete response arrived, or if it is unusable. */
function outcomeOfSilence(error: unknown, request: ExecutionRequest, isSent: boolean): Outcome {
  const unknown = request.node.effects === 'once' && isSent;
  if (request.signal.aborted) return { kind: 'stopped', unknown };
  if (isCodedError(error)) return isSent ? refusedAfterActing(error, request) : refused(error);
  if (NotSent.is(error)) return failed(error.code, error.message, error.retryable);
  // The request may have been executed; only the server knows.
  if (unknown) return { kind: 'lost', reason: 'HTTP_NO_ANSWER' };
  const code = codeOf(error) ?? '';
  const late = code.endsWith('_TIMEOUT');
  return failed(late ? 'HTTP_TIMEOUT' : 'HTTP_CONNECTION', `the response is incomplete: ${code || 'the connection was closed'}`, true); // prettier-ignore
}

/** The message has no path and no query: they can contain secrets. */
function whyDenied({ scheme, host, port }: Target, code: EgressAttempt['code']): string {
  const where = `${scheme}://${host}:${port}`;
  if (code === 'EGRESS_NOT_LISTED') return `${where} is not in egress of the step: ${code}`;
  if (code === 'EGRESS_PATH_OUTSIDE') return `the path of the URL at ${where} is not in egress of the step: ${code}`;
  return `${where} is refused: ${code}`;
}

function deniedAttempt({ host, port }: Target, code: EgressAttempt['code']): EgressAttempt {
  const nothing = { sni: null, address: null, sent: 0, received: 0 };
  return { n: 1, ms: 0, via: 'http', host, port, ...nothing, allowed: false, code };
}

function isExpected(status: number, expected: Json = ['2xx']): boolean {
  const list = isJsonArray(expected) ? expected : [];
  return list.some((one) => one === status || one === `${Math.floor(status / 100)}xx`);
}

/** Lower-case names; several headers of the same name are joined. Cookies are not returned, because they are credentials of a session. */
function headersOf(headers: Answer['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || name === 'set-cookie' ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

async function* piecesOf(spool: BodySpool): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < spool.size; at += PIECE) yield await spool.read(at, Math.min(at + PIECE, spool.size));
}

/** All bytes; null if there are more than `most`, in which case the rest is not read. */
async function readWhole(body: Answer['body'], most: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > most) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooLarge(most: number): Outcome {
  return failed('HTTP_BODY_TOO_LARGE', `the response has more than ${most} bytes`, false);
}

/** JSON by the rules of packs, or text unchanged. Nothing else can be an output. */
function contentOf(bytes: Buffer, type: string): { readonly content: Json } | { readonly refusal: Outcome } {
  if (bytes.length === 0) return { content: null };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return {
      refusal: failed('HTTP_BODY_BINARY', 'the response is not text; use saveAs to store it as an artifact', false),
    };
  }
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) return { content: text };
  let content: Json;
  try {
    content = JSON.parse(text) as Json;
  } catch {
    return { refusal: failed('HTTP_BODY_INVALID', 'the response has a JSON media type but is not JSON', false) };
  }
  // JSON.parse takes the last of two equal keys and rounds large integers; the document reader refuses both.
  const document = readDocument(bytes, { maxBytes: bytes.length });
  if (document.kind === 'refused')
    return { refusal: failed('HTTP_BODY_INVALID', `the JSON of the response is invalid: ${document.faults[0]?.message ?? ''}`, false) }; // prettier-ignore
  return { content };
}
