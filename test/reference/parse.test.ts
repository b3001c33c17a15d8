import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference, type Reference } from '../../src/reference/parse.js';

const hex = 'ab'.repeat(32);
const digest = `sha256:${hex}`;
const named = (registry: string, repository: string, rest: { tag?: string; digest?: string } = { tag: 'latest' }) => ({
  transport: 'docker',
  registry,
  repository,
  ...rest,
});

/** Cases of distribution/reference (reference_test.go, normalize_test.go), with docker's defaults applied. */
const good: Record<string, object> = {
  alpine: named('docker.io', 'library/alpine'),
  'alpine:3.19': named('docker.io', 'library/alpine', { tag: '3.19' }),
  'user/app': named('docker.io', 'user/app'),
  'docker.io/alpine': named('docker.io', 'library/alpine'),
  'docker.io/library/alpine': named('docker.io', 'library/alpine'),
  'index.docker.io/alpine': named('docker.io', 'library/alpine'),
  'index.docker.io/user/app:1': named('docker.io', 'user/app', { tag: '1' }),
  'docker://alpine': named('docker.io', 'library/alpine'),
  'docker://quay.io/a/b/c:d': named('quay.io', 'a/b/c', { tag: 'd' }),
  'localhost/app': named('localhost', 'app'),
  'localhost:5000/app': named('localhost:5000', 'app'),
  'localhost:5000': named('docker.io', 'library/localhost', { tag: '5000' }),
  '127.0.0.1:5000/app:v1': named('127.0.0.1:5000', 'app', { tag: 'v1' }),
  '[::1]:5000/app': named('[::1]:5000', 'app'),
  '[2001:db8::1]/team/app:v1': named('[2001:db8::1]', 'team/app', { tag: 'v1' }),
  'registry.example.com:443/a_b/c__d/e-f---g/h.i': named('registry.example.com:443', 'a_b/c__d/e-f---g/h.i'),
  'Registry.Example.COM/app': named('Registry.Example.COM', 'app'),
  'UPPER/app': named('UPPER', 'app'),
  'xn--n3h.com/app': named('xn--n3h.com', 'app'),
  'host:65535/app': named('host:65535', 'app'),
  [`alpine@${digest}`]: named('docker.io', 'library/alpine', { digest }),
  [`alpine:3.19@${digest}`]: named('docker.io', 'library/alpine', { tag: '3.19', digest }),
  [`localhost:5000/app:v1@${digest}`]: named('localhost:5000', 'app', { tag: 'v1', digest }),
  [`alpine:${'t'.repeat(128)}`]: named('docker.io', 'library/alpine', { tag: 't'.repeat(128) }),
  [`example.com/${'a'.repeat(255)}`]: named('example.com', 'a'.repeat(255)),
  [`docker.io/library/${hex}`]: named('docker.io', `library/${hex}`),
  [`${hex}:tag`]: named('docker.io', `library/${hex}`, { tag: 'tag' }),
  'docker:dind': named('docker.io', 'library/docker', { tag: 'dind' }),
  'app:UPPER_tag.1-x': named('docker.io', 'library/app', { tag: 'UPPER_tag.1-x' }),
  'app:_': named('docker.io', 'library/app', { tag: '_' }),
  'oci:layout': { transport: 'oci', path: 'layout' },
  'oci:./dir/with space:v1': { transport: 'oci', path: './dir/with space', ref: 'v1' },
  'oci:/abs:docker.io/library/alpine:latest': { transport: 'oci', path: '/abs', ref: 'docker.io/library/alpine:latest' },
  'oci-archive:image.tar': { transport: 'oci-archive', path: 'image.tar' },
  'oci-archive:../image.tar:v1': { transport: 'oci-archive', path: '../image.tar', ref: 'v1' },
  [`oci:/abs@${digest}`]: { transport: 'oci', path: '/abs', digest },
  [`oci-archive:image.tar@${digest}`]: { transport: 'oci-archive', path: 'image.tar', digest },
  [`oci:/abs:v1@${digest}`]: { transport: 'oci', path: '/abs', ref: `v1@${digest}` },
  'docker-archive:-': { transport: 'docker-archive', path: '-' },
  'dir:/abs': { transport: 'dir', path: '/abs' },
  'dir:C:/of:colons': { transport: 'dir', path: 'C:/of:colons' },
  'docker://dir:v1': named('docker.io', 'library/dir', { tag: 'v1' }),
  'docker-archive:image.tar:alpine:3.19': { transport: 'docker-archive', path: 'image.tar', ref: 'alpine:3.19' },
};

for (const [text, expected] of Object.entries(good)) {
  test(`${text.length > 60 ? `${text.slice(0, 60)}…` : text} parses as docker reads it`, () => {
    assert.deepEqual(parseReference(text), expected as Reference);
  });
}

/** Text → what its hint must speak of. */
const bad: [string, RegExp][] = [
  ['', /name an image/],
  [' ', /quote the command line/],
  ['alpine latest', /quote/],
  ['alpine\n', /quote/],
  ['al\npine', /quote/],
  ['alpine\t:1', /quote/],
  ['alpine\0', /NAME\[:TAG\]/],
  ['../x', /oci:DIR/],
  ['./x', /oci:DIR/],
  ['/x', /oci:DIR/],
  ['..', /NAME\[:TAG\]/],
  ['-flag', /flag/],
  ['--rm', /flag/],
  ['-host.example/app', /flag/],
  ['Alpine', /lower case: "alpine"/],
  ['user/App:Tag', /lower case: "user\/app:Tag"/],
  ['docker.io/User/app', /lower case/],
  ['https://example.com/app', /leave the scheme out/],
  ['HTTP://example.com/app', /leave the scheme out/],
  ['ftp://example.com/app', /ftp:\/\/ is not a transport/],
  ['docker-daemon:alpine:latest', /archive/],
  ['containers-storage:alpine:latest', /archive/],
  ['bücher.example/app', /xn--/],
  ['example.com/bücher', /xn--/],
  ['аlpine', /xn--/],
  ['host:99999/app', /1 to 65535/],
  ['host:0/app', /1 to 65535/],
  ['host:/app', /port after the colon/],
  ['host:port/app', /HOST\[:PORT\]/],
  ['[::1/app', /HOST\[:PORT\]/],
  ['[::zz]:5000/app', /HOST\[:PORT\]/],
  ['[1:2:3]:5000/app', /IPv6/],
  ['[fe80::1%eth0]:5000/app', /HOST\[:PORT\]/],
  ['256.1.1.1/app', /address/],
  ['1.2.3.4.5/app', /address/],
  ['a..b/app', /HOST\[:PORT\]/],
  ['a.-b/app', /HOST\[:PORT\]/],
  ['user@host.example/app', /tsrun login HOST/],
  ['alpine@3.19', /sha256/],
  ['alpine:', /1 to 128/],
  ['alpine:.x', /1 to 128/],
  ['alpine:-x', /1 to 128/],
  ['alpine:a:b', /1 to 128/],
  [`alpine:${'t'.repeat(129)}`, /1 to 128/],
  ['alpine@', /sha256/],
  ['alpine@sha256:abc', /all 64/],
  [`alpine@sha256:${hex.toUpperCase()}`, /lower case/],
  [`alpine@sha512:${hex}${hex}`, /no other is supported/],
  [`alpine@sha256:../../${hex}`, /64 hex/],
  [`alpine@${digest}@${digest}`, /64 hex/],
  [`alpine@${digest}\n`, /quote/],
  [`@${digest}`, /NAME\[:TAG\]/],
  [hex, /first 12 digits/],
  ['docker.io/docker///docker', /NAME\[:TAG\]/],
  ['app/', /NAME\[:TAG\]/],
  ['a/../b', /NAME\[:TAG\]/],
  ['a--/b', /NAME\[:TAG\]/],
  ['a___b', /NAME\[:TAG\]/],
  ['a._b', /NAME\[:TAG\]/],
  ['_a', /NAME\[:TAG\]/],
  [`example.com/${'a'.repeat(256)}`, /shorter/],
  ['a'.repeat(1_000_000), /name an image/],
  ['docker://', /docker:\/\/|NAME/],
  ['docker://oci:5000/app', /domain/],
  ['docker://docker://alpine', /docker:\/\//],
  ['oci:', /name the directory/],
  ['oci::v1', /name the directory/],
  ['oci-archive:', /name the file/],
  ['docker-archive:a\0b', /name the file/],
  ['dir:', /name the directory/],
  [`oci:@${digest}`, /name the directory/],
  ['oci:dir:', /leave the last part out/],
  ['oci:dir:a b', /leave the last part out/],
  ['oci:dir:-x', /leave the last part out/],
];

for (const [text, hint] of bad) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused with a hint`, () => {
    assert.throws(
      () => parseReference(text),
      (error: unknown) => {
        const {
          code,
          message,
          hint: given = '',
          subject = '',
        } = error as { code: string; message: string; hint?: string; subject?: string };
        assert.equal(code, 'ERR_TSRUN_REFERENCE_INVALID');
        assert.match(given, hint);
        assert.match(message + subject + given, /^[\x20-\x7e]*$/, 'fit for a terminal');
        assert.ok(message.length < 400);
        assert.doesNotMatch(message, /\.$/);
        return true;
      },
    );
  });
}

for (const text of [
  'https://ada:swordfish@example.com/app',
  'ada:swordfish@example.com/app',
  'ada:swordfish@localhost:5000/app:v1',
  'docker://ada:swordfish@example.com/app',
  'ada:sword/swordfish@example.com/app',
  'ada:swordfish@swordfish@example.com/app',
  `ada:swordfish@example.com/app@${digest}`,
  `ada:swordfish@example.com/app:v1@${digest}`,
]) {
  test(`the login in ${text.slice(0, 50)} is recognized, and not repeated`, () => {
    assert.throws(
      () => parseReference(text),
      (error: unknown) => {
        const { message, hint = '', stack } = error as Error & { hint?: string };
        assert.doesNotMatch(JSON.stringify(error) + stack, /swordfish/);
        assert.match(message, /\*\*\*@.* is not an image reference: it holds a login$/);
        assert.match(hint, /tsrun login HOST/);
        return true;
      },
    );
  });
}

test('a transport of other programs is called so; where it can be a registry or a name, it is one', () => {
  for (const [text, transport] of [
    ['docker-daemon:alpine:latest', 'docker-daemon:'],
    ['ostree:/tmp/layout', 'ostree:'],
    ['containers-storage:docker.io/library/alpine', 'containers-storage:'],
  ] as const) {
    assert.throws(() => parseReference(text), {
      message: `${JSON.stringify(text)} is not an image reference: the transport ${transport} is not supported`,
    });
  }
  assert.deepEqual(parseReference('sif:5000/app'), named('sif:5000', 'app'));
});

test('what might be a login is not repeated either', () => {
  for (const text of ['ada:swordfish@example.com', 'ada:swordfish@', 'ada:swordfish@host with blanks/app']) {
    assert.throws(
      () => parseReference(text),
      (error: unknown) => !JSON.stringify(error).includes('swordfish'),
      text,
    );
  }
});

test('hostile lengths are refused in no time', () => {
  const begun = performance.now();
  for (const part of ['a', 'a-', 'a.', 'a/', '_', '[', ':', '@', 'A', '-']) {
    for (const end of ['', '!', '/', ':']) assert.throws(() => parseReference(`${part.repeat(4500)}${end}`.slice(0, 4600)));
  }
  assert.ok(performance.now() - begun < 1000);
});
