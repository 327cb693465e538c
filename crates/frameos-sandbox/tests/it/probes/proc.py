# What of the host shows or opens through /proc, /sys, /dev and control groups.
DEVICES = ["mem", "kmem", "kmsg", "port", "tty", "tty0", "console", "ptmx", "pts", "kvm", "fuse", "net/tun", "vsock",
           "vhost-net", "vhost-vsock", "loop-control", "loop0", "mapper/control", "sda", "vda", "nvme0n1", "mqueue",
           "cpu_dma_latency", "userfaultfd", "io_uring", "snapshot", "hpet", "rtc0", "uinput", "input", "shm/x"]


def covered(path):
    """What is covered is /dev/null under another name: whoever writes there writes nowhere."""
    return os.stat(path).st_rdev == os.makedev(1, 3)


def put_through(path):
    if covered(path):
        raise OSError(errno.ENXIO, "")
    put(path)


def openable(path):
    """Whether a file opens for writing, without writing anything."""
    try:
        if covered(path):
            return False
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError:
        return False


def files(top, skip=()):
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in skip and not os.path.islink(os.path.join(folder, name))]
        found += [path for path in (os.path.join(folder, name) for name in names) if not os.path.islink(path)]
    return found


def own_memory():
    secret = ctypes.create_string_buffer(b"own memory")
    fd = os.open("/proc/self/mem", os.O_RDONLY)
    assert os.pread(fd, 10, ctypes.addressof(secret)) == b"own memory"


def main(inputs, ctx):
    mounts = [line.split(" - ")[1].split(" ")[0] for line in open("/proc/self/mountinfo")]
    own, foreign = files("/proc/self", ("fd", "map_files")), files("/proc", [n for n in os.listdir("/proc") if n.isdigit()])
    return {
        "pids": [n for n in os.listdir("/proc") if n.isdigit() and int(n) != os.getpid()],
        "file systems": sorted(set(mounts) & {"cgroup", "cgroup2", "sysfs", "debugfs", "tracefs", "securityfs", "bpf", "configfs",
                                              "fusectl", "hugetlbfs", "mqueue", "devpts", "pstore", "efivarfs", "binfmt_misc"}),
        "writable of others": [path for path in foreign if openable(path)],
        "writable of its own": [path for path in own if openable(path)],
        "of its own": len(own),
        "own memory": tried(own_memory),
        "devices": [name for name in DEVICES if os.path.exists("/dev/" + name)],
        "init": {name: tried(os.stat, "/proc/1/" + name) for name in ("root", "cwd", "exe", "environ", "mem", "maps", "fd", "ns/mnt", "cgroup")},
        "absent": {name: tried(os.listdir, name) for name in ("/sys", "/sys/fs/cgroup", "/sys/kernel/debug", "/run", "/var/run", "/home", "/root", "/boot", "/proc/1/root", "/proc/1")},
        "sysctls": os.listdir("/proc/sys"),
        "sysrq": tried(put_through, "/proc/sysrq-trigger"),
        "core pattern": tried(put_through, "/proc/sys/kernel/core_pattern"),
        "modprobe": tried(put_through, "/proc/sys/kernel/modprobe"),
        "kcore": tried(lambda: open("/proc/kcore", "rb").read(1) or os.stat("/nowhere")),
        "oom": tried(put_through, "/proc/self/oom_score_adj"),
    }
