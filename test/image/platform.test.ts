import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedPlatform, choosePlatform, formatPlatform, hostPlatform, parsePlatform, platformMatches } from '../../src/image/platform.js';
import type { Digest } from '../../src/spec/digest.js';
import type { Descriptor, ImageIndex } from '../../src/spec/image.js';
import { OCI_MANIFEST } from '../../src/spec/media-types.js';

function entry(text: string | undefined, more: Partial<Descriptor> = {}): Descriptor {
  const base = { mediaType: OCI_MANIFEST, digest: `sha256:${'a'.repeat(64)}` as Digest, size: 1, ...more };
  if (text === undefined) return base;
  const [os = '', architecture = '', variant] = text.split('/');
  return { ...base, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
}

function indexOf(...platforms: (string | undefined)[]): ImageIndex {
  return { schemaVersion: 2, manifests: platforms.map((platform) => entry(platform)) };
}

function chosen(wanted: string | undefined, ...platforms: string[]): string | undefined {
  const platform = wanted === undefined ? undefined : parsePlatform(wanted);
  const found = choosePlatform(indexOf(...platforms), platform, 'app').platform;
  return found && formatPlatform(found);
}

test('platforms are read as docker and containerd spell them', () => {
  assert.deepEqual(parsePlatform('linux/amd64'), { os: 'linux', architecture: 'amd64' });
  assert.deepEqual(parsePlatform('linux/x86_64'), { os: 'linux', architecture: 'amd64' });
  assert.deepEqual(parsePlatform('Linux/AArch64'), { os: 'linux', architecture: 'arm64' });
  assert.deepEqual(parsePlatform('linux/arm64/v8'), { os: 'linux', architecture: 'arm64' });
  assert.deepEqual(parsePlatform('linux/arm64/8'), { os: 'linux', architecture: 'arm64' });
  assert.deepEqual(parsePlatform('linux/arm'), { os: 'linux', architecture: 'arm', variant: 'v7' });
  assert.deepEqual(parsePlatform('armhf'), { os: 'linux', architecture: 'arm', variant: 'v7' });
  assert.deepEqual(parsePlatform('linux/armel'), { os: 'linux', architecture: 'arm', variant: 'v6' });
  assert.deepEqual(parsePlatform('s390x'), { os: 'linux', architecture: 's390x' });
  assert.deepEqual(parsePlatform('linux'), hostPlatform());
  assert.deepEqual(parsePlatform('Windows'), { ...hostPlatform(), os: 'windows' });
  assert.deepEqual(hostPlatform('x64'), { os: 'linux', architecture: 'amd64' });
  for (const bad of ['', '/', 'linux/', 'a/b/c/d', 'linux/amd 64', 'linux/../x', '\0']) {
    assert.throws(() => parsePlatform(bad), { code: 'ERR_TSRUN_USAGE' });
  }
});

test('the best variant that the machine runs is chosen', () => {
  assert.equal(chosen('linux/arm64', 'linux/amd64', 'linux/arm64/v8'), 'linux/arm64/v8');
  assert.equal(chosen('linux/arm64/v8', 'linux/arm64'), 'linux/arm64');
  assert.equal(chosen('linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'), 'linux/arm/v6');
  assert.equal(chosen('linux/arm/v7', 'linux/arm/v6', 'linux/arm/v7'), 'linux/arm/v7');
  assert.equal(chosen('linux/arm/v7', 'linux/arm'), 'linux/arm');
  assert.equal(chosen('linux/amd64/v3', 'linux/amd64', 'linux/amd64/v4', 'linux/amd64/v2'), 'linux/amd64/v2');
  assert.equal(chosen('linux/amd64/v3', 'linux/amd64/v4', 'linux/amd64'), 'linux/amd64');
  assert.equal(chosen('linux/amd64', 'linux/amd64/v1'), 'linux/amd64/v1');
  assert.equal(chosen('linux/arm64/v9', 'linux/arm64/v8', 'linux/arm64/v9'), 'linux/arm64/v9');
});

test('what the machine cannot run is not chosen, and the message says what there is', () => {
  const missing = (wanted: string, ...platforms: string[]) =>
    assert.throws(() => chosen(wanted, ...platforms), {
      code: 'ERR_TSRUN_PLATFORM_MISSING',
      message: new RegExp(platforms.join(', ')),
      hint: /--platform/,
    });
  missing('linux/arm/v6', 'linux/arm/v7', 'linux/arm64');
  missing('linux/amd64', 'linux/386', 'linux/amd64/v3');
  missing('linux/arm64', 'linux/arm/v7');
  missing('linux/amd64', 'windows/amd64');
});

test('without a wish, a machine may be given what its older relatives run', () => {
  const relative = { amd64: 'linux/386', arm64: 'linux/arm/v7' }[hostPlatform().architecture];
  if (relative === undefined) return;
  assert.equal(chosen(undefined, relative), relative);
  assert.equal(chosen(undefined, relative, formatPlatform(hostPlatform())), formatPlatform(hostPlatform()));
});

test('attestations are never chosen; an entry without a platform only when it is the only one', () => {
  const host = entry(formatPlatform(hostPlatform()));
  const attestation = entry('unknown/unknown', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } });
  assert.equal(choosePlatform({ schemaVersion: 2, manifests: [attestation, host] }, undefined, 'app'), host);
  const bare = entry(undefined);
  assert.equal(choosePlatform({ schemaVersion: 2, manifests: [attestation, bare] }, undefined, 'app'), bare);
  assert.throws(() => choosePlatform(indexOf(undefined, undefined), undefined, 'app'), { code: 'ERR_TSRUN_PLATFORM_MISSING' });
  assert.throws(() => choosePlatform(indexOf(), undefined, 'app'), { code: 'ERR_TSRUN_PLATFORM_MISSING', hint: /another tag/ });
});

test("a config's platform is held against what was asked for", () => {
  assert.equal(platformMatches({ os: 'linux', architecture: 'arm', variant: 'v6' }, parsePlatform('linux/arm/v7')), true);
  assert.equal(platformMatches({ os: 'linux', architecture: 'arm64', variant: 'v8' }, parsePlatform('linux/arm64')), true);
  assert.equal(platformMatches({ os: 'linux', architecture: 'amd64' }, parsePlatform('linux/arm64')), false);
});

test('a platform by its parts: what is left out is the host’s', () => {
  const asked = (words: Parameters<typeof askedPlatform>[0]) => {
    const platform = askedPlatform(words);
    return platform && formatPlatform(platform);
  };
  assert.equal(asked({}), undefined);
  assert.equal(asked({ os: '', arch: '' }), undefined);
  assert.equal(asked({ platform: 'linux/arm64' }), 'linux/arm64');
  assert.equal(asked({ arch: 'arm', variant: 'v6' }), 'linux/arm/v6');
  assert.equal(asked({ arch: 'aarch64' }), 'linux/arm64');
  assert.equal(asked({ os: 'windows' }), `windows/${hostPlatform().architecture}`);
  assert.throws(() => asked({ platform: 'linux/arm64', arch: 'arm64' }), { code: 'ERR_TSRUN_USAGE' });
  assert.throws(() => asked({ arch: 'a/b/c' }), { code: 'ERR_TSRUN_USAGE' });
});
