/**
 * Fuzzing of the helper's readers of foreign bytes, and of what it does: test/native/fuzz/, linked with the helper's own sources under
 * AddressSanitizer and UBSan, and once more with counters of branches.
 *
 *   npm run fuzz                    all of it, from a new seed: some minutes
 *   npm run fuzz -- SEED            from this one
 *   npm run fuzz -- SEED TARGET N   case N of one target, as a finding names it
 */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMON, compile, isStale, SANITIZED } from './native.mjs';
import { capture, checkout, program, run, say, Trouble } from './steps.mjs';
import { transpile } from './transpile.mjs';

/** Cases of each target in a whole run. */
const CASES = {
  plans: 1_000_000,
  record: 100_000,
  json: 200_000,
  log: 5_000,
  channel: 100_000,
  serve: 30_000,
  attach: 50_000,
  executed: 10_000,
};
/** So many plans are enough to count branches. */
const COUNTED_CASES = 50_000;
/** Of the branches of what decodes and validates plans, at least so many are to be taken. */
export const LEAST_PERCENT = 90;
const VALIDATOR = ['plan', 'parts', 'names'];
/** A process has so many cases: all processors are at work, and `executed`, which waits more than it works, is several times at it. */
const SHARE = { plans: 50_000, executed: 625 };
/** As whom plans are executed, beside root. */
const NOBODY = 65534;

/** Memory can run out, and the limits that a sanitizer dies of cannot be set. */
const FLAGS = ['-Dmain=helper_main', '-Wno-missing-prototypes', '-Wl,--wrap=calloc,--wrap=setrlimit'];

/** @param {string} folder @returns {string[]} */
function filesOf(folder) {
  const entries = readdirSync(join(checkout, folder), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(checkout, folder, entry.name)] : []));
}

/** @param {'sanitized' | 'counted'} name @returns {Promise<string>} the program's absolute path */
async function buildFuzzer(name) {
  const folder = join(checkout, 'build/fuzz', name);
  const output = join(folder, 'fuzz');
  const files = [...filesOf('native'), ...filesOf('test/native/fuzz')];
  const sources = files.filter((file) => file.endsWith('.c'));
  const own = name === 'sanitized' ? SANITIZED : ['-O0', '--coverage', '-dumpdir', `${folder}/`];
  if (!isStale(output, [...files, fileURLToPath(import.meta.url)])) return output;
  say(`compiling build/fuzz/${name}/fuzz`);
  rmSync(folder, { recursive: true, force: true });
  await compile({ flags: [...COMMON, ...own, ...FLAGS], sources, output });
  return output;
}

/** Both programs, and the plans that they begin with. The tests must have been transpiled. */
export async function buildFuzzers() {
  const corpus = join(checkout, 'build/fuzz/corpus');
  mkdirSync(join(checkout, 'build/fuzz'), { recursive: true });
  const [sanitized, counted] = await Promise.all([
    buildFuzzer('sanitized'),
    buildFuzzer('counted'),
    run(process.execPath, ['build/test/native/fuzz/seeds.js', corpus]),
  ]);
  return { sanitized, counted, corpus };
}

/**
 * Which share of the validator's branches so many plans take.
 * @param {{ counted: string, corpus: string }} fuzzers @param {number} seed @param {number} cases
 * @returns {Promise<{ percent: number, said: string }>}
 */
export async function countBranches({ counted, corpus }, seed, cases) {
  const folder = join(counted, '..');
  for (const name of readdirSync(folder)) if (name.endsWith('.gcda')) rmSync(join(folder, name));
  await mustSucceed([counted, 'plans', String(seed), String(cases), corpus]);
  const { stdout, stderr } = await capture(
    'gcov',
    ['--no-output', '--branch-counts', '--branch-probabilities', ...VALIDATOR.map((name) => `${name}.gcda`)],
    {
      cwd: folder,
    },
  );
  const shares = VALIDATOR.map((name) =>
    new RegExp(`File '\\S*/native/${name}\\.c'[^F]*?Taken at least once:([\\d.]+)% of (\\d+)`, 's').exec(stdout),
  );
  if (shares.includes(null)) throw new Trouble(`gcov does not tell the branches of ${VALIDATOR.join(' and ')}: ${stderr || stdout}`);
  const all = shares.reduce((sum, share) => sum + Number(share?.[2]), 0);
  const taken = shares.reduce((sum, share) => sum + (Number(share?.[1]) / 100) * Number(share?.[2]), 0);
  const percent = (100 * taken) / all;
  return {
    percent,
    said: `${percent.toFixed(1)} % of the ${all} branches of ${VALIDATOR.map((name) => `native/${name}.c`).join(' and ')} are taken`,
  };
}

/** @param {string[]} words @param {{ uid?: number, gid?: number }} [as] @returns {Promise<string>} */
async function mustSucceed(words, as) {
  const [command = '', ...args] = words;
  const { code, stdout, stderr } = await capture(command, args, as);
  if (code !== 0) throw new Trouble(`${args.join(' ')} has found something:\n${stdout}${stderr}`);
  return stdout;
}

/** In a folder that anybody may read. @param {{ sanitized: string, corpus: string }} fuzzers */
function publish({ sanitized, corpus }) {
  const folder = mkdtempSync(join(tmpdir(), 'tsrun-fuzz-'));
  chmodSync(folder, 0o755);
  for (const [from, name] of /** @type {const} */ ([
    [sanitized, 'fuzz'],
    [corpus, 'corpus'],
  ])) {
    copyFileSync(from, join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** @param {string} folder @param {number} seed @returns {{ words: string[], as?: { uid: number, gid: number } }[]} the longest first */
function jobs(folder, seed) {
  const all = Object.entries(CASES).flatMap(([target, cases]) => {
    const share = target in SHARE ? SHARE[/** @type {keyof typeof SHARE} */ (target)] : cases;
    return Array.from({ length: Math.ceil(cases / share) }, (_, index) => ({ target, index, share }));
  });
  return all.map(({ target, index, share }) => {
    const words = [join(folder, 'fuzz'), target, String(seed), String(share), join(folder, 'corpus'), String(index * share)];
    const unprivileged = target === 'executed' && index % 2 === 1 && process.getuid?.() === 0;
    return unprivileged ? { words, as: { uid: NOBODY, gid: NOBODY } } : { words };
  });
}

/** @param {ReturnType<typeof jobs>} waiting @param {number} workers */
async function work(waiting, workers) {
  const one = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) say((await mustSucceed(job.words, job.as)).trimEnd());
  };
  await Promise.all(Array.from({ length: workers }, one));
}

async function fuzz(seed = Date.now() % 2 ** 31) {
  const fuzzers = await buildFuzzers();
  const folder = publish(fuzzers);
  try {
    const all = jobs(folder, seed);
    const executed = all.filter(({ words }) => words[1] === 'executed');
    const others = all.filter((job) => !executed.includes(job));
    await Promise.all([work(others, availableParallelism()), work(executed, 2 * availableParallelism())]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { percent, said } = await countBranches(fuzzers, seed, COUNTED_CASES);
  say(said);
  if (percent < LEAST_PERCENT) throw new Trouble(`that is less than ${LEAST_PERCENT} %`);
}

await program(import.meta.url, async () => {
  const [seed, target, number] = process.argv.slice(2);
  await transpile();
  if (target === undefined) return fuzz(seed === undefined ? undefined : Number(seed));
  const { sanitized, corpus } = await buildFuzzers();
  await run(sanitized, [target, seed ?? '', '1', corpus, number ?? '0'], { advice: 'it is above' });
});
