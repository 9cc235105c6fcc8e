/** Maximum time that a failed start waits until every provider is closed, milliseconds. */
const ABANDON_MS = 5_000;

interface Closable {
  close(): unknown;
}

/**
 * Tracks the providers that a container opens while it is created. NestJS closes the providers of a container that it has returned. If the
 * creation fails, it returns none, and open providers would stay open.
 */
export class OpenedParts {
  private readonly parts = new Set<Closable>();
  private isAbandoned = false;

  /** Receives each instance that NestJS creates, as `instrument.instanceDecorator`. It receives no ready-made values. */
  readonly watch = (instance: unknown): unknown => {
    if (!isClosable(instance)) return instance;
    // Other providers are still being opened when the first one fails.
    if (this.isAbandoned) void quietly(instance);
    else this.parts.add(instance);
    return instance;
  };

  /** Closes everything that was or will be opened, in reverse order, after the creation failed. Waits a limited time for it. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    let timer: NodeJS.Timeout | undefined;
    // The timer also keeps the process alive. Otherwise the process could end before it has reported the reason.
    const moment = new Promise((resolve) => {
      timer = setTimeout(resolve, ABANDON_MS);
    });
    await Promise.race([this.close(), moment]);
    clearTimeout(timer);
  }

  private async close(): Promise<void> {
    for (const part of [...this.parts].reverse()) await quietly(part);
  }
}

/** The first failure has already been reported. */
async function quietly(part: Closable): Promise<void> {
  try {
    await part.close();
  } catch {
    // It is closed as far as possible.
  }
}

function isClosable(instance: unknown): instance is Closable {
  return (
    typeof instance === 'object' && instance !== null && 'close' in instance && typeof instance.close === 'function'
  );
}
