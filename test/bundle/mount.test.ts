import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMount } from '../../src/bundle/mount.js';
import { slot } from '../../src/plan/slot.js';

const parse = (text: string, recursiveReadOnly = true) => {
  const { given: _given, notes: _notes, ...rest } = parseMount(text, { recursiveReadOnly });
  return rest;
};
const DEFAULT = ['rbind', 'rprivate', 'nosuid', 'nodev'];

describe('--mount', () => {
  it('is a volume unless it says otherwise, anonymous without a source', () => {
    assert.deepEqual(parse('dst=/d'), { type: 'volume', destination: '/d', options: DEFAULT, copy: true });
    assert.deepEqual(parse('source=data,target=/d,readonly,volume-nocopy'), {
      type: 'volume',
      source: 'data',
      destination: '/d',
      options: [...DEFAULT, 'rro'],
    });
    assert.deepEqual(parse('type=volume,src=data,dst=/d,volume-subpath=a/b,volume-label=x=1,volume-label=y'), {
      type: 'volume',
      source: 'data',
      destination: '/d',
      options: DEFAULT,
      subpath: 'a/b',
      labels: { x: '1', y: '' },
    });
  });

  it('binds, with docker’s words for propagation and recursion', () => {
    const options = (text: string, recursive = true) => parse(`type=bind,src=/s,dst=/d${text}`, recursive).options;
    assert.deepEqual(options(''), DEFAULT);
    assert.deepEqual(options(',ro'), [...DEFAULT, 'rro']);
    assert.deepEqual(options(',ro', false), [...DEFAULT, 'ro']);
    assert.deepEqual(options(',ro=true,bind-recursive=writable'), [...DEFAULT, 'ro']);
    assert.deepEqual(options(',ro=1,bind-recursive=readonly'), [...DEFAULT, 'rro']);
    assert.deepEqual(options(',ro=false'), DEFAULT);
    assert.deepEqual(options(',readonly,bind-recursive=disabled'), ['bind', 'rprivate', 'nosuid', 'nodev', 'ro']);
    assert.deepEqual(options(',bind-nonrecursive'), ['bind', 'rprivate', 'nosuid', 'nodev']);
    assert.deepEqual(options(',bind-propagation=rslave'), ['rbind', 'rslave', 'nosuid', 'nodev']);
    assert.equal(parse('type=bind,src=./a,dst=/d').source, `${slot('cwd')}/a`);
    assert.equal(parse('type=bind,"src=/a,b:c",dst=/d').source, '/a,b:c');
    assert.equal(parse('type=bind,src=/s,dst=/d,chown').chown, true);
    assert.deepEqual(parse('type=bind,src=/dev/fuse,dst=/dev/fuse').options, ['rbind', 'rprivate', 'nosuid']);
  });

  it('makes a tmpfs with docker’s defaults', () => {
    assert.deepEqual(parse('type=tmpfs,dst=/t').options, ['nosuid', 'nodev', 'noexec', 'mode=1777']);
    assert.deepEqual(parse('type=tmpfs,dst=/t,tmpfs-size=1.5m,tmpfs-mode=0700,ro').options, [
      'nosuid',
      'nodev',
      'noexec',
      'ro',
      'size=1572864',
      'mode=0700',
    ]);
    assert.ok(parse('type=tmpfs,dst=/t,tmpfs-size=64MiB').options.includes('size=67108864'));
    assert.ok(parse('type=tmpfs,dst=/t,tmpfs-size=512').options.includes('size=512'));
  });

  it('says what has no effect', () => {
    const notes = (text: string) => parseMount(text, { recursiveReadOnly: true }).notes.length;
    assert.equal(notes('type=bind,src=/s,dst=/d'), 0);
    assert.equal(notes('type=bind,src=/s,dst=/d,consistency=cached'), 1);
    assert.equal(notes('type=bind,src=/s,dst=/d,relabel=shared'), 1);
  });

  it('that is nonsense is a usage error that says where', () => {
    for (const [text, message] of [
      ['', /'', which must be a key=value/],
      ['type=bind,src=/s', /no destination/],
      ['type=bind,dst=/d', /no source/],
      ['type=bind,src=hd,dst=/d', /not absolute/],
      ['type=nonsense,src=/s,dst=/d', /unknown type/],
      ['src=/s,dst=/d', /no volume's name/],
      ['src=x,dst=/d', /no volume's name/],
      ['type=bind,src=/s,dst=d', /not absolute/],
      ['type=bind,src=/s,dst=/', /cover/],
      ['type=bind,src=/s,dst=/d,foo', /'foo', which must be a key=value/],
      ['type=bind,src=/s,dst=/d,foo=bar', /unexpected key 'foo' in 'foo=bar'/],
      ['type=bind,src=/s,dst=/d,ro=maybe', /invalid value for ro: maybe/],
      ['type=bind,src=/s,dst=/d,volume-nocopy', /mixes volume-nocopy/],
      ['type=volume,dst=/d,bind-propagation=rslave', /mixes bind-propagation/],
      ['type=tmpfs,dst=/d,src=/s', /tmpfs has none/],
      ['type=tmpfs,dst=/d,tmpfs-size=big', /tmpfs-size: big/],
      ['type=tmpfs,dst=/d,tmpfs-mode=999', /tmpfs-mode: 999/],
      ['type=bind,src=/s,dst=/d,bind-recursive=no', /bind-recursive: no/],
      ['type=bind,src=/s,dst=/d,bind-recursive=readonly', /without readonly/],
      ['type=bind,src=/s,dst=/d,ro,bind-recursive=readonly,bind-propagation=rslave', /needs bind-propagation=rprivate/],
      ['type=bind,src=/s,dst=/d,bind-propagation=up', /unknown propagation/],
      ['type=volume,src=data,dst=/d,volume-subpath=../x', /does not lie in the volume/],
      ['type=volume,src=data,dst=/d,volume-subpath=/x', /does not lie in the volume/],
      ['type=bind,src=/etc,dst=/d,U', /give all of \/etc/],
      ['type=bind,src="/s",dst=/d', /quote inside a field/],
    ] as const)
      assert.throws(() => parse(text), { code: 'ERR_TSRUN_USAGE', message, exitCode: 125 }, text);
  });

  it('that cannot be honoured is an error that says why', () => {
    for (const [text, message] of [
      ['type=image,src=x,dst=/d', /type image/],
      ['type=bind,src=/s,dst=/d,bind-propagation=rshared', /never reaches the host/],
      ['type=volume,src=data,dst=/d,volume-driver=nfs', /drivers/],
      ['type=volume,src=data,dst=/d,volume-opt=type=nfs', /drivers/],
      ['type=bind,src=/s,dst=/proc', /\/proc/],
    ] as const)
      assert.throws(() => parse(text), { code: 'ERR_TSRUN_UNSUPPORTED', message }, text);
    assert.throws(() => parse('type=bind,src=/s,dst=/d,ro,bind-recursive=readonly', false), { code: 'ERR_TSRUN_UNSUPPORTED' });
  });
});
