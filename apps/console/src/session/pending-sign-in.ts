/** The state of a sign-in that is needed when the browser returns from the issuer. It contains no token. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path at which the person continues. */
  readonly path: string;
}

const KEY = 'taskrunner.sign-in';
const SIGNED_OUT = 'taskrunner.signed-out';

/** The sign-in that this tab has started, stored during the redirect to the issuer. It can be read once. */
export class PendingSignIns {
  constructor(private readonly storage: Storage) {}

  keep(pending: PendingSignIn): void {
    this.storage.removeItem(SIGNED_OUT);
    this.storage.setItem(KEY, JSON.stringify(pending));
  }

  take(): PendingSignIn | null {
    const text = this.storage.getItem(KEY);
    this.storage.removeItem(KEY);
    return text === null ? null : read(text);
  }

  /** True if the person signed out in this tab: the console then does not start a sign-in by itself. */
  get isSignedOut(): boolean {
    return this.storage.getItem(SIGNED_OUT) !== null;
  }

  markSignedOut(): void {
    this.storage.setItem(SIGNED_OUT, '1');
  }
}

function read(text: string): PendingSignIn | null {
  try {
    const found = JSON.parse(text) as Partial<Record<keyof PendingSignIn, unknown>>;
    const { state, nonce, verifier, path } = found;
    const isWhole = [state, nonce, verifier, path].every((part) => typeof part === 'string' && part !== '');
    return isWhole ? (found as PendingSignIn) : null;
  } catch {
    return null;
  }
}
