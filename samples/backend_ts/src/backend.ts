// A back end: subscribes to what boards send, and prints each reading as a line of JSON.
//
//   node dist/backend.js --url mqtts://broker:8883 [--ca FILE] [--topic hf/+/r] [--count N]
//   node dist/backend.js --file PAYLOAD      what `holdfast sub --raw --count 1` has saved
//
// Exit codes: 0 done, 1 a payload could not be read, 2 usage, 4 the broker is not reachable.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import mqtt from 'mqtt';

import { decodeReading } from './board';
import { open, Sequences } from './payload';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    ca: { type: 'string' },
    topic: { type: 'string', default: 'hf/+/r' },
    count: { type: 'string', default: '0' },
    file: { type: 'string' },
  },
});

const sequences = new Sequences();
let damaged = 0;
let printed = 0;

function take(topic: string, payload: Uint8Array): void {
  try {
    const { origin, bodies } = open(payload);
    if (origin !== undefined && !sequences.isFresh(topic, origin)) return;
    const from = origin && { epoch: String(origin.epoch), sequence: origin.sequence };
    bodies.forEach((bytes, row) => {
      const reading = decodeReading(bytes);
      console.log(JSON.stringify({ topic, ...from, ...(bodies.length > 1 ? { row } : {}), ...reading }));
      ++printed;
    });
  } catch (error) {
    ++damaged;
    console.error(`backend: a payload on ${JSON.stringify(topic)} was left out: ${error}`);
  }
}

function listen(url: string): void {
  const count = Number(options.count);
  const client = mqtt.connect(url, {
    protocolVersion: 5,
    ca: options.ca === undefined ? undefined : readFileSync(options.ca),
    connectTimeout: 10_000,
  });
  const end = (code: number): void => {
    client.end(true, () => process.exit(code));
  };
  client.on('connect', () => {
    client.subscribe(options.topic!, { qos: 1 }, (error) => {
      if (error) return end(4);
      console.error(`backend: subscribed to ${options.topic}`);
    });
  });
  client.on('message', (topic, payload) => {
    take(topic, payload);
    if (count > 0 && printed >= count) {
      console.error(`backend: ${printed} readings, ${sequences.missing} missing, ${damaged} damaged`);
      end(damaged === 0 ? 0 : 1);
    }
  });
  client.on('error', (error) => {
    console.error(`backend: ${error.message}`);
    end(4);
  });
}

if (options.file !== undefined) {
  take('', readFileSync(options.file));
  process.exitCode = damaged === 0 ? 0 : 1;
} else if (options.url !== undefined) {
  listen(options.url);
} else {
  console.error('backend: --url or --file is needed');
  process.exitCode = 2;
}
