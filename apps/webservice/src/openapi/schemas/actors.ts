import { closed, listOf, text } from './shapes';

/** Actors of a caller (`act` of the token, RFC 8693). */
export const actors = listOf(closed({ iss: text, sub: text, kind: { type: 'string', enum: ['person', 'client'] } }));
