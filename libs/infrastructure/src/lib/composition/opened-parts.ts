/** How long a failed start waits until everything is closed, milliseconds. */
const ABANDON_MS = 5_000;

interface Closable {
  close(): unknown;
}

/**
 * Tracks what a container has opened during its creation. NestJS closes the parts of a container that it has returned. If the creation
 * fails, it returns none, and the opened parts would stay open.
 */
export class OpenedParts {
  private readonly parts = new Set<Closable>();
  private isAbandoned = false;

  /** Receives each instance that NestJS creates: an `instrument.instanceDecorator`. Values that were passed in are not among them. */
  readonly watch = (instance: unknown): unknown => {
    if (!isClosable(instance)) return instance;
    // Others are still being opened when the first one has failed.
    if (this.isAbandoned) void quietly(instance);
    else this.parts.add(instance);
    return instance;
  };

  /** The creation failed. Closes everything that was or will be opened for it, the last first, and waits a moment for that. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    let timer: NodeJS.Timeout | undefined;
    // It also keeps the process alive, which could otherwise end before it has reported the reason.
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
