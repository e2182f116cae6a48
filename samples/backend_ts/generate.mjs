// Makes src/generated from the .fbs files, by flatc (FLATC names one that is not in the PATH).
//
// flatc 2.0.8, which Debian 12 has, knows no fixed arrays in TypeScript. The bytes of `name: [ubyte:12]` are
// those of twelve fields, so that is what it is given.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const schemas = ['../../schemas/holdfast/envelope.fbs', '../../schemas/samples/board.fbs'];

function spelledOut(text) {
  return text.replace(/(\w+)\s*:\s*\[ubyte:(\d+)\];/g, (_, name, count) =>
    Array.from({ length: Number(count) }, (_, n) => `${name}_${n}: ubyte;`).join(' '));
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-schemas-'));
try {
  const out = join(here, 'src/generated');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const schema of schemas) {
    const copy = join(folder, basename(schema));
    writeFileSync(copy, spelledOut(readFileSync(join(here, schema), 'utf8')));
    execFileSync(process.env.FLATC ?? 'flatc', ['--ts', '-o', out, copy], { stdio: 'inherit' });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
