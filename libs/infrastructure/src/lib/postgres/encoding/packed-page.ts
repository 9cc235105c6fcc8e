import { constants, inflateRawSync } from 'node:zlib';
import { DeflateRaw } from 'minizlib';
import { PAGE_WORDS } from './page-words';

/** The texts of a page. Neither contains a line break, because JSON escapes them. */
export interface PageTexts {
  /** RFC 8785 text of its entries, as hashed. */
  readonly entries: string;
  /** JSON of the values beside the chain; null: none. */
  readonly held: string | null;
}

/** Packing format: the first byte. */
const PLAIN = 0;
const DEFLATED = 1;
const [IS_PLAIN, IS_DEFLATED] = [Buffer.of(PLAIN), Buffer.of(DEFLATED)];

/** A small window is sufficient for pages of some hundred bytes, and is initialised faster. */
const SETTINGS = { level: 6, windowBits: 13, memLevel: 5, dictionary: PAGE_WORDS } as const;

/**
 * Compresses all pages of this thread, one after the other. Node.js makes a compressor for each synchronous call, which costs more than to
 * compress a small page.
 */
class PageCompressor {
  private readonly stream = new DeflateRaw(SETTINGS);
  private parts: Buffer[] = [];

  constructor() {
    this.stream.on('data', (part) => this.parts.push(part));
    this.stream.on('error', (error) => {
      throw error;
    });
  }

  deflated(text: Buffer): readonly Buffer[] {
    this.parts = [];
    this.stream.write(text);
    this.stream.flush(constants.Z_FINISH);
    this.stream.reset();
    return this.parts;
  }
}

let compressor: PageCompressor | null = null;

function deflated(text: Buffer): readonly Buffer[] {
  const used = (compressor ??= new PageCompressor());
  try {
    return used.deflated(text);
  } catch (error) {
    // It compresses nothing after an error.
    compressor = null;
    throw error;
  }
}

/** Limits of the buffer that zlib allocates for each call, bytes. Its default of 16 KiB for a page of 700 bytes is mostly garbage. */
const LEAST_BUFFER = 64;
const MOST_BUFFER = 16 * 1024;
/** A page is usually not more times as large as what is stored of it. */
const LARGEST_RATIO = 8;

function bufferFor(bytes: number): { readonly chunkSize: number } {
  return { chunkSize: Math.min(MOST_BUFFER, Math.max(LEAST_BUFFER, bytes)) };
}

/**
 * The stored form of a page: its texts deflated (RFC 1951) with a preset dictionary. A page of one step takes 120 bytes instead of 700.
 * PostgreSQL does not compress rows below 2 KB.
 */
export function packedPage({ entries, held }: PageTexts): Buffer {
  const text = Buffer.from(held === null ? entries : `${entries}\n${held}`, 'utf8');
  const packed = Buffer.concat([IS_DEFLATED, ...deflated(text)]);
  return packed.length <= text.length ? packed : Buffer.concat([IS_PLAIN, text]);
}

/** The texts of a stored page; null for invalid bytes. */
export function unpackedPage(packed: Buffer): PageTexts | null {
  const bytes = packed.subarray(1);
  const text = packed[0] === PLAIN ? bytes : packed[0] === DEFLATED ? inflated(bytes) : null;
  if (text === null) return null;
  const [entries = '', held = null] = text.toString('utf8').split('\n');
  return { entries, held };
}

function inflated(bytes: Buffer): Buffer | null {
  try {
    return inflateRawSync(bytes, { dictionary: PAGE_WORDS, ...bufferFor(LARGEST_RATIO * bytes.length) });
  } catch {
    return null;
  }
}
