import { createSocket } from 'node:dgram';

/** A name server on loopback with configured answers for A and AAAA. It records queries. */
export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Queries in their order: `A host`, `AAAA host`. */
  readonly asked: string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };

export async function startDns(
  answers: (host: string, type: 'A' | 'AAAA', time: number) => readonly string[],
): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
      at += 1 + length;
    }
    const type = TYPES[query.readUInt16BE(at + 1)];
    const question = query.subarray(12, at + 5);
    const host = labels.join('.').toLowerCase();
    const name = `${type} ${host}`;
    const time = asked.filter((one) => one === name).length;
    asked.push(name);
    const records = (type === undefined ? [] : answers(host, type, time)).map((ip) => {
      const data = type === 'A' ? Buffer.from(ip.split('.').map(Number)) : Buffer.from(ip.split(':').flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255])); // prettier-ignore
      const head = Buffer.from([0xc0, 12, 0, type === 'A' ? 1 : 28, 0, 1, 0, 0, 0, 0, 0, data.length]);
      return Buffer.concat([head, data]);
    });
    const head = Buffer.from([
      query[0] ?? 0,
      query[1] ?? 0,
      0x81,
      records.length > 0 ? 0x80 : 0x83,
      0,
      1,
      0,
      records.length,
      0,
      0,
      0,
      0,
    ]);
    socket.send(Buffer.concat([head, question, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
