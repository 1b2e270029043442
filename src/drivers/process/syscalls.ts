/** Numbers of the system calls that functions may not make: x86_64 and aarch64, from the kernel's unistd headers. -1: not there. */

/** Each is a way to more power or a way around what keeps functions apart; none is one that programs of users make. */
export const REFUSED: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  // Mounts and roots: what the function sees of files is decided outside.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  statmount: [457, 457],
  listmount: [458, 458],
  // New namespaces give capabilities inside, and with them most of the kernel to attack. clone is looked at in seccomp.ts.
  unshare: [272, 97],
  setns: [308, 268],
  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // Large and often broken parts of the kernel.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  fanotify_init: [300, 262],
  lookup_dcookie: [212, 18],
  // The kernel itself.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  create_module: [174, -1],
  query_module: [178, -1],
  get_kernel_syms: [177, -1],
  syslog: [103, 116],
  lsm_set_self_attr: [460, 460],
  // Keys are not kept apart by namespaces.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // The machine.
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  vhangup: [153, 58],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  iopl: [172, -1],
  ioperm: [173, -1],
  modify_ldt: [154, -1],
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  // Files by number, past all folders that were not granted.
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // Leftovers that nothing needs.
  uselib: [134, -1],
  _sysctl: [156, -1],
  nfsservctl: [180, 42],
  vserver: [236, -1],
};

/** Looked at more closely. */
export const EXAMINED = {
  clone: [56, 220],
  clone3: [435, 435],
  personality: [135, 92],
  ioctl: [16, 29],
  socket: [41, 198],
  socketpair: [53, 199],
} as const;
