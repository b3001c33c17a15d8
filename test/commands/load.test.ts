import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { inCheckout } from '../harness/checkout.js';
import { execute } from '../harness/process.js';
import { temporaryDirectory } from '../harness/temporary.js';

/** An installation and a store of their own. */
describe('compiled code', () => {
  let directory = '';
  let code = '';
  beforeEach(() => {
    directory = temporaryDirectory();
    for (const part of ['package.json', 'bin', 'dist/load.cjs', 'dist/cli.cjs', 'dist/dispatchers.cjs']) {
      cpSync(inCheckout(part), join(directory, part), { recursive: true });
    }
    mkdirSync(join(directory, 'store/v1'), { recursive: true, mode: 0o700 });
    symlinkSync(inCheckout('node_modules'), join(directory, 'node_modules'));
    code = join(directory, 'store/v1/code');
  });

  const tsrun = (words: string[], env: Record<string, string> = {}) => {
    const own = { ...process.env, HOME: directory, TSRUN_ROOT: join(directory, 'store'), TSRUN_RUN_ROOT: join(directory, 'run'), ...env };
    return execute([process.execPath, join(directory, 'bin/run.js'), ...words], { env: own });
  };
  const version = async (env: Record<string, string> = {}) => {
    const { code: status, stdout, stderr } = await tsrun(['version'], env);
    assert.deepEqual([status, stderr], [0, '']);
    return stdout;
  };
  const kept = () => (existsSync(code) ? readdirSync(code) : []);

  it('is kept by the first start, for its user alone, and taken by the next', async () => {
    await version();
    const [file = '', ...others] = kept();
    assert.deepEqual(others, []);
    assert.equal(statSync(join(code, file)).mode & 0o777, 0o600);
    // What is taken shows: V8 takes anything whose head is right.
    const { mtimeNs } = statSync(join(code, file), { bigint: true });
    await version();
    assert.equal(statSync(join(code, file), { bigint: true }).mtimeNs, mtimeNs);
    writeFileSync(join(code, file), 'no code of V8');
    assert.match(await version(), /^tsrun /);
    assert.ok(statSync(join(code, file)).size > 10_000, 'what V8 refuses is made anew');
  });

  it('loads what is asked for late, from the cache as well', async () => {
    for (let start = 1; start <= 3; start++) {
      const { stderr } = await tsrun(['pull', '--json', '127.0.0.1:1/a']);
      assert.equal(JSON.parse(stderr).code, 'ERR_TSRUN_REGISTRY_UNREACHABLE', stderr);
    }
  });

  it('is not taken for that of a newer bundle of the same length', async () => {
    assert.match(await version(), /^tsrun \d/);
    const bundle = join(directory, 'dist/cli.cjs');
    const source = readFileSync(bundle, 'utf8');
    const changed = source.replaceAll('`tsrun ${', '`other ${');
    assert.notEqual(changed, source);
    writeFileSync(bundle, changed);
    assert.match(await version(), /^other \d/);
  });

  it('is neither kept nor taken where others may write, where there is no store, or where Node is told not to', async () => {
    await version({ NODE_DISABLE_COMPILE_CACHE: '1' });
    await version({ TSRUN_ROOT: join(directory, 'nowhere') });
    assert.ok(!existsSync(join(directory, 'nowhere')));
    mkdirSync(code);
    chmodSync(code, 0o777);
    await version();
    assert.deepEqual(kept(), []);
  });
});
