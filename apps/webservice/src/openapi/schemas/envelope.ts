import { closed, listOf, text } from './shapes';

/** A signed envelope (DSSE). */
export const envelope = closed({
  payload: { type: 'string', contentEncoding: 'base64' },
  payloadType: text,
  signatures: listOf(closed({ keyid: text, sig: text })),
});
