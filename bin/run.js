#!/usr/bin/env node
// oclif's entry: everything but `run`, which bin/tsrun gives to the native helper.
import { fileURLToPath } from 'node:url';
import { main } from '../dist/cli.cjs';

process.exit(await main(fileURLToPath(new URL('..', import.meta.url)), process.argv.slice(2)));
