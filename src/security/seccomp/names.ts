/** Which names are system calls, and which actions let one through. Pure. */
import type { SeccompAction } from '../../spec/runtime.js';
import { syscallNumbers } from './syscalls.js';

/** Calls of processors that tsrun does not run on: published profiles name them. */
const FOREIGN = new Set(
  `kern_features memory_ordering multiplexer perfctr riscv_flush_icache riscv_hwprobe rtas s390_guarded_storage s390_pci_mmio_read
    s390_pci_mmio_write s390_runtime_instr s390_sthyi spu_create spu_run subpage_prot swapcontext switch_endian sync_file_range2
    sys_debug_setcontext sysmips utrap_install cachectl getdomainname getpagesize getxgid getxpid getxuid osf_syscall`.split(/\s+/),
);

export function isSystemCall(name: string): boolean {
  return FOREIGN.has(name) || (['x64', 'x86', 'arm64', 'arm'] as const).some((abi) => syscallNumbers(abi).has(name));
}

export function isPermissive(action: SeccompAction): boolean {
  return ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG'].includes(action);
}
