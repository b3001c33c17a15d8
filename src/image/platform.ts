/** Which entry of an index is for whom: image-spec image-index.md, with containerd's rules for variants and for older relatives of a machine. */
import { TsrunError } from '../errors.js';
import type { Descriptor, ImageIndex, Platform } from '../spec/image.js';

/** Node's names → GOARCH. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', mipsel: 'mipsle' };

/** What this machine runs, in containerd's normal form (arm64 is v8, amd64 is v1: not spelled). */
export function hostPlatform(arch: string = process.arch): Platform {
  return normalize({ os: 'linux', architecture: ARCHITECTURES[arch] ?? arch });
}

/** containerd platforms/database.go: a word that is none of these is an architecture. */
const SYSTEMS = [
  'linux',
  'windows',
  'darwin',
  'freebsd',
  'netbsd',
  'openbsd',
  'dragonfly',
  'solaris',
  'illumos',
  'aix',
  'android',
  'ios',
  'plan9',
];

/** `os/arch[/variant]`, or one of os and arch alone. Errors: ERR_TSRUN_USAGE. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const [first = '', architecture, variant] = parts;
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9][a-z0-9_.-]*$/.test(part))) throw notAPlatform(text);
  if (architecture !== undefined) return normalize({ os: first, architecture, ...(variant === undefined ? {} : { variant }) });
  if (SYSTEMS.includes(first)) return normalize({ ...hostPlatform(), os: first });
  return normalize({ os: 'linux', architecture: first });
}

/** What of a platform was asked for: the whole, or podman's parts of it. */
export interface PlatformWords {
  platform?: string | undefined;
  os?: string | undefined;
  arch?: string | undefined;
  variant?: string | undefined;
}

/** What is left out is the host's; a variant belongs to an architecture. @returns undefined when nothing was asked for @throws ERR_TSRUN_USAGE */
export function askedPlatform({ platform, os, arch, variant }: PlatformWords): Platform | undefined {
  const parts = [os, arch, variant].filter((part) => part !== undefined && part !== '');
  if (platform !== undefined && parts.length > 0)
    throw new TsrunError('ERR_TSRUN_USAGE', '--platform says what --os, --arch and --variant say', {
      subject: '--platform',
      hint: 'leave out one or the others',
    });
  if (platform !== undefined) return parsePlatform(platform);
  if (parts.length === 0) return undefined;
  const host = hostPlatform();
  const own = arch ? [] : [host.variant].filter((each) => each !== undefined);
  return parsePlatform([os || host.os, arch || host.architecture, ...(variant ? [variant] : own)].join('/'));
}

function notAPlatform(text: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `not a platform: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: 'write os/arch or os/arch/variant, for example linux/arm64 or linux/arm/v7',
  });
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/** containerd platforms/database.go */
const ALIASES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  i386: ['386'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

function normalize(platform: Platform): Platform {
  const name = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  const architecture = alias?.[0] ?? name;
  const variant = normalVariant(architecture, alias?.[1] ?? platform.variant?.toLowerCase() ?? '');
  return { os: platform.os.toLowerCase(), architecture, ...(variant === '' ? {} : { variant }) };
}

function normalVariant(architecture: string, variant: string): string {
  const spelled = /^[0-9]/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm64') return spelled === 'v8' || spelled === 'v8.0' ? '' : spelled;
  if (architecture === 'arm') return spelled === '' ? 'v7' : spelled;
  if (architecture === 'amd64') return spelled === 'v1' ? '' : spelled;
  return spelled;
}

/**
 * The platforms that `wanted` can run, best first.
 * @param relatives also other architectures that its machines run: 386 on amd64, arm on arm64
 */
function acceptable(wanted: Platform, relatives: boolean): string[] {
  const { os, architecture, variant = '' } = normalize(wanted);
  const all = variants(architecture, variant).map((each) => normalize({ os, architecture, variant: each }));
  if (relatives && architecture === 'amd64') all.push({ os, architecture: '386' });
  if (relatives && architecture === 'arm64')
    all.push(...['v8', 'v7', 'v6', 'v5'].map((each) => ({ os, architecture: 'arm', variant: each })));
  return all.map(formatPlatform);
}

/** A machine of one variant runs what was built for the lower ones. */
function variants(architecture: string, variant: string): string[] {
  const [, major = '', minor] = /^v([0-9]+)(?:\.([0-9]+))?$/.exec(variant) ?? [];
  if (architecture === 'amd64') return [...down('v', Number(major), 2), ''];
  if (architecture === 'arm') return variant === '' || major === '' ? [variant] : down('v', Number(major), 5);
  if (architecture !== 'arm64' || major === '') return [variant];
  const ofMajor = [...down(`v${major}.`, Number(minor ?? 0), 1), `v${major}`];
  return major === '9' ? [...ofMajor, ...down('v8.', Number(minor ?? 0) + 5, 1), ''] : [...ofMajor, ''];
}

function down(prefix: string, from: number, to: number): string[] {
  const count = Math.max(0, Math.min(from, 16) - to + 1);
  return Array.from({ length: count }, (_, index) => `${prefix}${Math.min(from, 16) - index}`);
}

/** Is something built for `built` what `wanted` (undefined: this machine) may be given? */
export function platformMatches(built: Platform, wanted: Platform | undefined): boolean {
  return acceptable(wanted ?? hostPlatform(), wanted === undefined).includes(formatPlatform(normalize(built)));
}

/**
 * Picks an entry. Entries without a platform count when nothing else is there and they leave no choice; attestations never do.
 * @param wanted undefined: this machine, which may also be given a relative's image (386 on amd64) as containerd does
 * @throws TsrunError ERR_TSRUN_PLATFORM_MISSING, naming what there is
 */
export function choosePlatform(index: ImageIndex, wanted: Platform | undefined, what: string): Descriptor {
  const entries = index.manifests.filter((entry) => !isAttestation(entry));
  for (const acceptableOne of acceptable(wanted ?? hostPlatform(), wanted === undefined)) {
    const match = entries.find(({ platform }) => platform !== undefined && formatPlatform(normalize(platform)) === acceptableOne);
    if (match !== undefined) return match;
  }
  const [only, ...others] = entries.filter(({ platform }) => platform === undefined);
  if (only !== undefined && others.length === 0) return only;
  throw platformMissing(what, wanted, [
    ...new Set(entries.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]))),
  ]);
}

/** BuildKit puts provenance into the index as manifests of platform unknown/unknown. */
export function isAttestation({ platform, annotations }: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

export function platformMissing(what: string, wanted: Platform | undefined, available: string[]): TsrunError {
  const only = available.length === 0 ? '' : `, only for ${available.slice(0, 20).join(', ')}`;
  return new TsrunError('ERR_TSRUN_PLATFORM_MISSING', `${what} has no image for ${formatPlatform(wanted ?? hostPlatform())}${only}`, {
    subject: what,
    hint: available.length === 0 ? 'choose another tag' : 'choose one of them with --platform, or another tag',
  });
}
