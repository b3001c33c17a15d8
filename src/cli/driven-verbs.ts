/** The verbs that bin/tsrun gives to the native helper; a test compares the two lists. */
import type { Driven } from './compile-verb.js';
import { attach } from './driven/attach.js';
import { create } from './driven/create.js';
import { exec } from './driven/exec.js';
import { run } from './driven/run.js';
import { start } from './driven/start.js';

const DRIVEN: readonly Driven[] = [run, create, start, exec, attach];

export function findDriven(name: string | undefined): Driven | undefined {
  return DRIVEN.find(({ verb }) => verb.name === name);
}
