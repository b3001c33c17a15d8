/** A certificate authority of the test's own, and certificates by it, made by openssl. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../harness/temporary.js';
import type { TlsFiles } from './fake-server.js';

export interface Authority {
  /** PEM file of the authority's certificate */
  file: string;
  /** @param names as in subjectAltName: `IP:127.0.0.1,DNS:registry.example.test` */
  issue(names: string): TlsFiles;
}

export function createAuthority(): Authority {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'], cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=tsrun tests', '-days', '2');
  let count = 0;
  return {
    file: at('ca.pem'),
    issue(names) {
      const name = `leaf${++count}`;
      writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=leaf');
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`, '-days', '1'];
      openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing);
      return { key: readFileSync(at(`${name}.key`), 'utf8'), cert: readFileSync(at(`${name}.pem`), 'utf8') };
    },
  };
}
