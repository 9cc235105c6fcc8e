import { httpUrl, port, size, text } from '../kinds';
import { key, section, unset } from '../key';
import { MIB } from './units';

export const http = section('The HTTP API and the console.', {
  host: key(text, '127.0.0.1', 'Address to listen on.'),
  port: key(port, 8_080, 'Port of the API; 0 takes a free one.'),
  healthPort: key(port, 8_081, 'Port of health and metrics; 0 takes a free one.'),
  publicUrl: unset(httpUrl, 'How others reach the API; null: http://<host>:<port>.'),
  bodyLimit: key(size(64 * 1024, 256 * MIB), 24 * MIB, 'Largest request body.', 'bytes (KiB, MiB, GiB)'),
});
