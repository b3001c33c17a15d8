#!/usr/bin/env node
// The entry for Node: every verb that bin/tsrun does not give to the native helper.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// An import would look through the whole bundle for the names that it exports: 50 ms.
const { load } = createRequire(import.meta.url)('../dist/load.cjs');

process.exit(await load('cli').main(fileURLToPath(new URL('..', import.meta.url)), process.argv.slice(2)));
