// What is in a message: the envelope of a typed stream, or the body alone.

import { ByteBuffer } from 'flatbuffers';

import { Envelope } from './generated/holdfast/wire/envelope';

export interface Origin {
  epoch: bigint;
  sequence: number;
}

export interface Opened {
  origin?: Origin;
  /** One, or several that waited at the same time and shared an envelope. */
  bodies: Uint8Array[];
}

/** At least an offset and a file identifier. */
const SHORTEST = 8;

/** Whether a class that flatc made is the one for these bytes. */
export function is(bytes: Uint8Array, schema: { bufferHasIdentifier(bb: ByteBuffer): boolean }): boolean {
  return bytes.length >= SHORTEST && schema.bufferHasIdentifier(new ByteBuffer(bytes));
}

/** Schemas that know of shared envelopes have the sizes of the bodies. */
type Shared = Envelope & { sizesLength?(): number; sizes?(index: number): number | null };

/** Each body begins at a multiple of it. */
const PLACES = 8;

function split(envelope: Shared, bytes: Uint8Array): Uint8Array[] {
  const count = envelope.sizesLength?.() ?? 0;
  if (count === 0) return [bytes];
  const bodies = [];
  let begin = 0;
  for (let n = 0; n < count; ++n) {
    const end = begin + (envelope.sizes!(n) ?? 0);
    if (end > bytes.length) throw new RangeError('an envelope whose bodies are longer than it');
    bodies.push(bytes.subarray(begin, end));
    begin = Math.ceil(end / PLACES) * PLACES;
  }
  return bodies;
}

/** Opens the envelope if there is one. Throws for one that is damaged. */
export function open(payload: Uint8Array): Opened {
  if (!is(payload, Envelope)) return { bodies: [payload] };
  const envelope = Envelope.getRootAsEnvelope(new ByteBuffer(payload));
  const bytes = envelope.bodyArray();
  if (bytes === null || envelope.sequence() === 0) throw new RangeError('an envelope without its content');
  const origin = { epoch: envelope.epoch(), sequence: envelope.sequence() };
  return { origin, bodies: split(envelope, bytes) };
}

/**
 * Tells a first copy from a second one, and counts what is missing. A message may come twice, and
 * late; a device that starts afresh draws a new epoch.
 */
export class Sequences {
  private readonly streams = new Map<string, { highest: number; missing: Set<number> }>();

  /** False: this message was here before. */
  isFresh(topic: string, origin: Origin): boolean {
    const key = `${topic} ${origin.epoch}`;
    const stream = this.streams.get(key);
    if (stream === undefined) {
      this.streams.set(key, { highest: origin.sequence, missing: new Set() });
      return true;
    }
    if (origin.sequence <= stream.highest) return stream.missing.delete(origin.sequence);
    for (let n = stream.highest + 1; n < origin.sequence; ++n) stream.missing.add(n);
    stream.highest = origin.sequence;
    return true;
  }

  get missing(): number {
    let sum = 0;
    for (const stream of this.streams.values()) sum += stream.missing.size;
    return sum;
  }
}
