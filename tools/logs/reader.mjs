// A subscriber of a run's log over SSE. It checks each line, and resumes with Last-Event-ID after a disconnection by either side.
import { request } from 'node:http';

const FINISHED = '"eventType":"run.finished"';

/**
 * Reads until `run.finished`. Lines are `L<number> <microseconds>…`, and the numbers must be consecutive. `delays`: a histogram of the time
 * since a line was written, milliseconds. `leaves()`: called after each piece; true to disconnect and resume.
 */
export async function readRun({ server, token, runId, delays, leaves = () => false, after = 0 }) {
  const report = { lines: 0, gaps: 0, wrong: 0, connections: 0, last: after };
  for (let isOver = false; !isOver;) {
    report.connections++;
    isOver = await connect({ server, token, runId, delays, leaves, report });
    // Lines that are written in the meantime are delayed by this reader itself.
    if (!isOver) await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
  }
  return report;
}

function connect({ server, token, runId, delays, leaves, report }) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    if (report.last > 0) headers['last-event-id'] = String(report.last);
    const sent = request(`${server}/api/runs/${runId}/logs`, { agent: false, headers }, (response) => {
      if (response.statusCode === 204) return resolve(true);
      if (response.statusCode !== 200) return reject(new Error(`answered ${response.statusCode}`));
      const began = performance.timeOrigin + performance.now();
      let rest = '';
      let isOver = false;
      response.on('data', (bytes) => {
        const now = performance.timeOrigin + performance.now();
        // Offsets suffice, because each character of latin1 is one byte.
        const text = rest + bytes.toString('latin1');
        const end = text.lastIndexOf('\n\n') + 2;
        if (end === 1) return void (rest = text);
        rest = text.slice(end);
        for (let at = frameAt(text, 0); at >= 0 && at < end; at = frameAt(text, at + 4)) {
          const id = numberAt(text, at + 4);
          const data = text.indexOf('"message":"L', at);
          const next = text.indexOf('\n\n', at);
          if (data < 0 || data > next) {
            if (text.slice(at, next).includes(FINISHED)) isOver = true;
            else report.wrong++;
            continue;
          }
          if (id !== report.last + 1) report.gaps++;
          const number = numberAt(text, data + 12);
          if (number !== id) report.wrong++;
          report.last = id;
          report.lines++;
          const writtenAt = numberAt(text, text.indexOf(' ', data + 12) + 1) / 1_000;
          // The line is older than the connection, so it was not delivered live.
          if (delays && writtenAt > began)
            delays[Math.min(delays.length - 1, Math.max(0, Math.ceil(now - writtenAt)))]++;
        }
        if (!isOver && leaves()) {
          sent.destroy();
          resolve(false);
        }
      });
      response.once('end', () => resolve(isOver));
      response.once('error', () => resolve(isOver));
    });
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

/** Start of the next frame. Comments are skipped. */
function frameAt(text, from) {
  for (let at = text.indexOf('id: ', from); at >= 0; at = text.indexOf('id: ', at + 4))
    if (at === 0 || text.charCodeAt(at - 1) === 10) return at;
  return -1;
}

function numberAt(text, from) {
  let number = 0;
  for (let i = from; ; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return number;
    number = number * 10 + digit;
  }
}

/**
 * A subscriber that reads nothing after the head of the response. Resolves to the seconds until it was disconnected, or null if it never
 * was.
 */
export function stall({ server, token, runId, signal }) {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    const began = performance.now();
    const sent = request(`${server}/api/runs/${runId}/logs`, { agent: false, headers }, (response) => {
      response.pause();
      // A socket that is not read does not detect its end, so the server's side is inspected instead.
      response.socket.pause();
      const { localPort } = response.socket;
      signal.addEventListener('abort', () => {
        response.destroy();
        resolve(null);
      });
      watch(localPort, signal, () => {
        response.destroy();
        resolve((performance.now() - began) / 1_000);
      });
    });
    sent.once('error', () => resolve((performance.now() - began) / 1_000));
    sent.end();
  });
}

/** Calls `gone` when the kernel reports that the peer has closed the connection from this port. */
async function watch(port, signal, gone) {
  const { readFile } = await import('node:fs/promises');
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const ESTABLISHED = '01';
  while (!signal.aborted) {
    const table = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
    const row = table.find((line) => line.trim().split(/\s+/)[1]?.endsWith(`:${hex}`));
    if (row === undefined || row.trim().split(/\s+/)[3] !== ESTABLISHED) return gone();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
