// A reading of samples/02_board as an object: what schemas/samples/board.fbs says, in plain numbers.

import { ByteBuffer } from 'flatbuffers';

import { BoardReading } from './generated/board/board-reading';
import { Temperature } from './generated/board/temperature';
import type { Usage } from './generated/board/usage';
import { is } from './payload';

export interface Reading {
  timeMs: number;
  uptimeMs: number;
  cpuPermille: number | null;
  memoryKib: { used: number; total: number } | null;
  temperatures: { name: string; celsius: number }[];
}

function usage(value: Usage | null): { used: number; total: number } | null {
  return value === null ? null : { used: value.used(), total: value.total() };
}

/** The schema spells the name out as twelve bytes (generate.mjs), filled up with zeros. */
function nameOf(temperature: Temperature): string {
  const bytes = Array.from({ length: 12 }, (_, n) => (temperature as any)[`name${n}`]() as number);
  return String.fromCharCode(...bytes.filter((byte) => byte !== 0));
}

/**
 * Throws for what is no reading. TypeScript's FlatBuffers has no verifier: a damaged buffer throws a
 * RangeError or yields wrong values, so a value that decides something is checked for its range.
 */
export function decodeReading(bytes: Uint8Array): Reading {
  if (!is(bytes, BoardReading)) throw new RangeError('no reading of a board (file identifier)');
  const reading = BoardReading.getRootAsBoardReading(new ByteBuffer(bytes));
  const temperatures = [];
  for (let n = 0; n < reading.temperaturesLength(); ++n) {
    const temperature = reading.temperatures(n);
    if (temperature !== null) {
      temperatures.push({ name: nameOf(temperature), celsius: temperature.milliCelsius() / 1000 });
    }
  }
  const decoded = {
    timeMs: Number(reading.timeMs()),
    uptimeMs: Number(reading.uptimeMs()),
    cpuPermille: reading.cpuPermille(),
    memoryKib: usage(reading.memoryKib()),
    temperatures,
  };
  if (decoded.cpuPermille !== null && decoded.cpuPermille > 1000) {
    throw new RangeError(`a processor that is busy for ${decoded.cpuPermille} of 1000`);
  }
  return decoded;
}
