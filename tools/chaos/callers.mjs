// API clients during the disturbances. They retry until they receive a response, as any client must.
import { randomUUID } from 'node:crypto';
import { pause } from './waiting.mjs';

export class Caller {
  constructor(server, token) {
    Object.assign(this, { server, token });
    /** Codes of responses of an unavailable server, with their numbers. */
    this.refusals = {};
  }

  /** One request, repeated while the server does not answer or is unavailable. Null after `ms`. */
  async ask(method, path, body, { headers = {}, ms = 60_000 } = {}) {
    for (const end = Date.now() + ms; Date.now() < end; await pause(200)) {
      try {
        const response = await this.raw(method, path, body, headers);
        const text = await response.text();
        if (response.status < 500 && response.status !== 429)
          return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
        this.#refused(response.status, text);
      } catch {
        // The connection was cut, so it is unknown whether the request was executed.
      }
    }
    return null;
  }

  /** An upload that is not used; resolves to the status of its response, null if there was none. */
  async upload() {
    try {
      const response = await fetch(`${this.server}/api/uploads`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/octet-stream' },
        body: randomUUID().repeat(100),
        signal: AbortSignal.timeout(20_000),
      });
      const text = await response.text();
      if (response.status >= 500) this.#refused(response.status, text);
      return response.status;
    } catch {
      return null;
    }
  }

  #refused(status, text) {
    let code = 'none';
    try {
      ({ code } = JSON.parse(text));
    } catch {
      // Not a problem document. The status code is recorded instead.
    }
    const name = `${status} ${code}`;
    this.refusals[name] = (this.refusals[name] ?? 0) + 1;
  }

  raw(method, path, body, headers = {}, signal = AbortSignal.timeout(20_000)) {
    return fetch(`${this.server}${path}`, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Submits until the run is known to be accepted. The idempotency key makes all attempts one run. Null if it was never accepted. */
  async submit(manifest) {
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await this.ask('POST', '/api/runs', { manifest, inputs: {} }, { headers });
    if (answer === null) return null;
    if (answer.status !== 201 && answer.status !== 200)
      throw new Error(`a run was not accepted: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.runId;
  }

  /**
   * Reads a run's log as server-sent events to the end of the run, over as many connections as necessary. `cutAfter`: number of lines after
   * which the client cuts a connection (0: never). `isOver`: true to give up.
   */
  async lines(run, { cutAfter = () => 0, isOver = () => false } = {}) {
    const lines = [];
    while (!isOver()) {
      try {
        const last = lines.at(-1)?.id ?? 0;
        const headers = { accept: 'text/event-stream', 'last-event-id': String(last) };
        const abort = new AbortController();
        const response = await this.raw('GET', `/api/runs/${run}/logs`, undefined, headers, abort.signal);
        if (response.status === 204) return { lines, isWhole: true };
        if (response.status !== 200) throw new Error(`status ${response.status}`);
        const watch = setInterval(() => isOver() && abort.abort(), 500);
        try {
          if (await readEvents(response, lines, cutAfter())) return { lines, isWhole: true };
        } finally {
          clearInterval(watch);
          abort.abort();
        }
      } catch {
        await pause(200);
      }
    }
    return { lines, isWhole: false };
  }
}

/** True if the run's last event was received. */
async function readEvents(response, lines, limit) {
  const decoder = new TextDecoder();
  let buffer = '';
  let read = 0;
  for await (const piece of response.body) {
    buffer += decoder.decode(piece, { stream: true });
    const frames = buffer.split('\n\n');
    buffer = frames.pop();
    for (const frame of frames) {
      const data = /^data: ?(.*)$/m.exec(frame)?.[1];
      if (data === undefined) continue;
      const event = JSON.parse(data);
      if (event.eventType === 'run.finished') return true;
      // `stream.resume`: the service stops, and closes the connection.
      if (event.eventType !== 'step.log') continue;
      lines.push({ id: Number(/^id: ?(.*)$/m.exec(frame)?.[1]), text: event.message, step: event.stepId });
      if (limit > 0 && ++read >= limit) return false;
    }
  }
  return false;
}
