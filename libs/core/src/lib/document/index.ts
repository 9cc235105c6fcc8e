export type { ReadDocument } from './document-reading';
export { JsonMeter, type JsonBounds, type JsonExcess } from './json-meter';
export { pointerTo } from './json-pointer';
export { readDocument } from './read-document';
