import type { Verb } from '../verb.js';
import { ACCESS_FLAGS, COMMON_FLAGS, SEND_FLAGS } from './common.js';

const { creds, authfile, 'cert-dir': certDir, 'tls-verify': tlsVerify } = ACCESS_FLAGS;

export const COPY = {
  name: 'copy',
  summary: 'Copy an image between registries, files and the store',
  description:
    'A place is docker://NAME, oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF], dir:DIR, or the bare NAME of an image of the store. The bytes stay as they are, and so does the digest; what the destination has already is not sent.',
  args: [
    { name: 'SOURCE', required: true, complete: 'image', help: 'docker://NAME, a file or directory, or an image of the store' },
    { name: 'DEST', required: true, complete: 'image', help: 'the same; in the store it gets this name' },
  ],
  interspersed: true,
  examples: [
    ['tsrun copy docker://alpine docker://registry.example.com/alpine', 'past the store'],
    ['tsrun copy --all-platforms docker://alpine oci:./alpine:latest', ''],
  ],
  flags: {
    ...SEND_FLAGS,
    authfile,
    'tls-verify': tlsVerify,
    'src-creds': { ...creds, help: 'Who the registry of the source is asked as, in place of any login' },
    'dest-creds': { ...creds, help: 'Who the registry of the destination is asked as, in place of any login' },
    'src-authfile': { ...authfile, help: 'The file of logins for the source' },
    'dest-authfile': { ...authfile, help: 'The file of logins for the destination' },
    'src-tls-verify': { ...tlsVerify, help: '--tls-verify for the source' },
    'dest-tls-verify': { ...tlsVerify, help: '--tls-verify for the destination' },
    'src-cert-dir': { ...certDir, help: 'Certificates for the registry of the source, in place of certs.d' },
    'dest-cert-dir': { ...certDir, help: 'Certificates for the registry of the destination, in place of certs.d' },
    ...COMMON_FLAGS,
  },
} as const satisfies Verb;
