/** How long a start that has failed waits until all is closed, milliseconds. */
const ABANDON_MS = 5_000;

interface Closable {
  close(): unknown;
}

/**
 * What a container has opened while it was made. NestJS closes the parts of a container that it has given out; if making it fails, it gives
 * none, and what was opened by then would stay open.
 */
export class OpenedParts {
  private readonly parts = new Set<Closable>();
  private isAbandoned = false;

  /** Hears of each instance that NestJS makes: an `instrument.instanceDecorator`. Values that were handed over are not among them. */
  readonly watch = (instance: unknown): unknown => {
    if (!isClosable(instance)) return instance;
    // Others are still being opened when the first of them has failed.
    if (this.isAbandoned) void quietly(instance);
    else this.parts.add(instance);
    return instance;
  };

  /** The container was not made. Closes what was opened for it, the last first, and what will be. Waits a moment for that. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    let timer: NodeJS.Timeout | undefined;
    // It also holds the process, which would end before it has said why if all that is closed holds nothing any more.
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

/** That it failed has been said by what failed first. */
async function quietly(part: Closable): Promise<void> {
  try {
    await part.close();
  } catch {
    // It is as closed as it can be.
  }
}

function isClosable(instance: unknown): instance is Closable {
  return (
    typeof instance === 'object' && instance !== null && 'close' in instance && typeof instance.close === 'function'
  );
}
