import type { Request } from 'express';

/** Entity tags of a list (RFC 9110 §8.8.3): in quotes, without spaces, weak or not. */
const LIST = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*$/;
const OPAQUE = /"[\x21\x23-\x7e\x80-\xff]*"/g;

/**
 * True if `If-None-Match` names the current version by its tag or by `*`; a GET is then answered with 304 (RFC 9110 §13.1.2). Tags are
 * compared weakly. An invalid list of tags names nothing.
 */
export function isKnown(request: Pick<Request, 'get'>, tag: string): boolean {
  const supplied = request.get('if-none-match')?.trim();
  if (supplied === undefined) return false;
  if (supplied === '*') return true;
  return LIST.test(supplied) && [...supplied.matchAll(OPAQUE)].some(([one]) => one === tag);
}
