/**
 * Builds the native helper from native/*.c: one static binary that depends on nothing.
 *
 *   node scripts/native.mjs            native/build/tsrun-helper
 *   node scripts/native.mjs asan       native/build/asan/tsrun-helper   AddressSanitizer and UBSan, dynamic
 *   node scripts/native.mjs arm64      native/build/arm64/tsrun-helper  cross-built
 *   node scripts/native.mjs x64        native/build/x64/tsrun-helper    cross-built, on arm64
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture, checkout, program, say, Trouble } from './steps.mjs';

export const COMMON = [
  '-std=gnu11',
  '-D_GNU_SOURCE',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wshadow',
  '-Wstrict-prototypes',
  '-Wmissing-prototypes',
  '-Wvla',
];
const HARDENING = ['-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-Wl,-z,relro,-z,now,-z,noexecstack'];
const RELEASE = [
  '-Os',
  '-static',
  ...HARDENING,
  '-ffunction-sections',
  '-fdata-sections',
  '-Wl,--gc-sections',
  '-Wl,--build-id=none',
  '-s',
];
export const SANITIZED = ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** @typedef {{ output: string, cc: string, flags: string[], packages: string }} Variant */
const LOCAL =
  'Debian, Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc glibc-static; Alpine: apk add build-base linux-headers; Arch: pacman -S gcc';
const hostCompiler = process.env['CC'] || 'cc';

/** @param {'x64' | 'arm64'} arch @param {string} triple @param {string} debian @returns {Variant} */
function released(arch, triple, debian) {
  const cross = process.arch !== arch;
  return {
    output: `native/build/${arch}/tsrun-helper`,
    cc: cross ? `${triple}-gcc` : hostCompiler,
    flags: RELEASE,
    packages: cross ? `Debian, Ubuntu: apt install gcc-${triple} libc6-dev-${debian}-cross` : LOCAL,
  };
}

/** @type {Record<string, Variant>} */
export const VARIANTS = {
  release: { output: 'native/build/tsrun-helper', cc: hostCompiler, flags: RELEASE, packages: LOCAL },
  asan: { output: 'native/build/asan/tsrun-helper', cc: hostCompiler, flags: SANITIZED, packages: LOCAL },
  arm64: released('arm64', 'aarch64-linux-gnu', 'arm64'),
  x64: released('x64', 'x86-64-linux-gnu', 'amd64'),
};

/**
 * Builds one variant of the helper unless it is newer than its sources.
 * @param {keyof typeof VARIANTS} name
 * @returns {Promise<string>} the binary's absolute path
 */
export async function buildHelper(name = 'release') {
  const variant = VARIANTS[name];
  if (variant === undefined) throw new Trouble(`no variant "${name}" of the helper: choose one of ${Object.keys(VARIANTS).join(', ')}`);
  const native = join(checkout, 'native');
  const files = readdirSync(native, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(native, entry.name)] : []));
  const sources = files.filter((file) => file.endsWith('.c'));
  if (sources.length === 0) throw new Trouble('native/ holds no C files: the checkout is incomplete, clone it again');
  const inputs = [...files, fileURLToPath(import.meta.url)];
  const output = join(checkout, variant.output);
  if (!isStale(output, inputs)) return output;
  say(`compiling ${variant.output}`);
  await compile({ ...variant, output, sources, flags: [...COMMON, ...variant.flags] });
  return output;
}

/**
 * Compiles C sources to one program that appears only when it is whole.
 * @param {{ cc?: string, flags?: string[], sources: string[], output: string, packages?: string }} job
 * @returns {Promise<void>}
 */
export async function compile({ cc = hostCompiler, flags = [...COMMON, ...RELEASE], sources, output, packages = LOCAL }) {
  mkdirSync(dirname(output), { recursive: true });
  const half = `${output}.${process.pid}`;
  try {
    const [command = 'cc', ...own] = cc.split(' ');
    const { code, stderr, error } = await capture(command, [...own, ...flags, '-o', half, ...sources]);
    if (error?.code === 'ENOENT') throw new Trouble(`there is no C compiler (${command}): install it, then try again. ${packages}`);
    if (code !== 0) throw new Trouble(explain(stderr || String(error), packages));
    renameSync(half, output);
  } finally {
    rmSync(half, { force: true });
  }
}

/** @param {string} stderr @param {string} packages */
function explain(stderr, packages) {
  if (/cannot find -l(c|m|gcc)\b|(unable|cannot) to find library -lc/.test(stderr))
    return `the static C library is missing: install it, then try again. ${packages}`;
  if (/fatal error: .*(No such file|not found)/.test(stderr) && !stderr.includes('#include "')) {
    return `the headers of the C library or of the kernel are missing: install them, then try again. ${packages}\n${stderr}`;
  }
  if (/lib(asan|ubsan)/.test(stderr))
    return `the sanitizers' run-time library is missing: install gcc's libasan and libubsan, then try again\n${stderr}`;
  return `the C compiler refused the sources:\n${stderr}`;
}

/**
 * @param {string} output
 * @param {string[]} inputs
 */
export function isStale(output, inputs) {
  const made = statSync(output, { throwIfNoEntry: false })?.mtimeMs;
  return made === undefined || inputs.some((input) => statSync(input).mtimeMs > made);
}

await program(import.meta.url, async () => {
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : ['release']) await buildHelper(name);
});
