/**
 * What the scripts share: where the checkout is, how a command is run, and how a failure is told.
 * Plain JavaScript for Node's floor, built-in modules only: these files run before anything is installed.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, absolute, no trailing slash. */
export const checkout = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure that was foreseen: told in one sentence that says what to do, without a stack. */
export class Trouble extends Error {}

/** @returns {{ name: string, version: string, license: string, dependencies?: Record<string, string>, devDependencies: Record<string, string>, [field: string]: unknown }} */
export function packageJson() {
  return JSON.parse(readFileSync(`${checkout}/package.json`, 'utf8'));
}

/**
 * Runs a command in the checkout, its output shown; rejects with a Trouble when it cannot start or does not exit 0.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, advice?: string, stdin?: 'inherit' | 'ignore' }} [options]
 * @returns {Promise<void>}
 */
export function run(command, args, { cwd = checkout, env = process.env, advice, stdin = 'ignore' } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: [stdin, 'inherit', 'inherit'] });
    const fail = (/** @type {string} */ what) => failed(new Trouble(`${command} ${args.join(' ')} ${what}${advice ? `: ${advice}` : ''}`));
    child.on('error', (error) => fail(`could not start (${error.message})`));
    child.on('close', (code, signal) =>
      code === 0 ? done() : fail(signal ? `was ended by ${signal}` : `failed with exit status ${code}`),
    );
  });
}

/**
 * Runs a command and gives what it printed, whatever its exit status.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, uid?: number, gid?: number }} [options]
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string, error?: NodeJS.ErrnoException }>}
 */
export function capture(command, args, { cwd = checkout, env = process.env, ...as } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { ...as, cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', (error) => done({ code: null, stdout, stderr, error }));
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Runs a script's main function when the script is the program, and not when it is imported.
 * @param {string} url the script's import.meta.url
 * @param {() => Promise<void> | void} main
 */
export async function program(url, main) {
  if (process.argv[1] !== fileURLToPath(url)) return;
  try {
    await main();
  } catch (error) {
    say(error instanceof Trouble ? `✗ ${error.message}` : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}
