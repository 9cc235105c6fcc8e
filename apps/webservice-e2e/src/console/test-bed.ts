import type { Caller, DevStack } from '../stack/stack';
import type { Visitor } from './browser';

/** What all cases of the console share: one stack and one browser. */
export interface TestBed {
  readonly stack: DevStack;
  /** Signs a person in, in a browser window of their own. `path` begins after `/console`. `proxy`: address of a forward proxy. */
  visit(path: string, login: string, proxy?: string): Promise<Visitor>;
  /** Opens another tab beside one of a person who is signed in; the issuer asks nothing. */
  tab(beside: Visitor, path: string): Promise<Visitor>;
  /** The same person as a caller of the API. */
  caller(login: string): Promise<Caller>;
}
