# Ways to run, change or reach what a program was not given, through files.
import ctypes.util, mmap, shutil, stat, subprocess


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=10, **more)


def started(*command):
    """What a command printed, or why it did not start."""
    try:
        done = run(*command)
        return done.stdout.strip() if done.returncode == 0 else (done.stderr.strip().splitlines() or ["failed"])[-1]
    except OSError as error:
        return errno.errorcode[error.errno]


def raised(name):
    return started("/agent/" + name, "-I", "-S", "-E", "-c",
                   "import os; print(os.geteuid(), [l.split()[1] for l in open('/proc/self/status') if l[:6] in ('CapPrm', 'CapEff')])")


def unnamed():
    fd = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o755)
    os.write(fd, open(sys.executable, "rb").read())
    path = f"/proc/self/fd/{fd}"
    readable = os.open(path, os.O_RDONLY)
    os.close(fd)
    os.execve(readable, ["x"], {})


def map_code(path):
    with open(path, "r+b") as file:
        mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)


def turn_to_code(path):
    with open(path, "r+b") as file:
        page = mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        if libc.mprotect(ctypes.c_void_p(address), 4096, 5) != 0:
            raise OSError(ctypes.get_errno(), "")


def crash():
    """A child that crashes where it may write, with every limit as high as it goes."""
    import resource
    os.chdir("/tmp")
    pid = os.fork()
    if pid == 0:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        ctypes.string_at(8)
    _, status = os.waitpid(pid, 0)
    return [os.WTERMSIG(status), os.WCOREDUMP(status), [name for name in os.listdir("/tmp") if "core" in name]]


def main(inputs, ctx):
    loader = next(line.split()[-1] for line in open("/proc/self/maps") if "/ld-" in line)
    library = next(line.split()[-1] for line in open("/proc/self/maps") if "libm" in line or "libc.so" in line)
    shutil.copy(sys.executable, "/tmp/python"); os.chmod("/tmp/python", 0o755)
    shutil.copy(library, "/tmp/x.so"); os.chmod("/tmp/x.so", 0o755)
    with open("/tmp/script", "w") as file: file.write(f"#!{sys.executable}\n")
    os.chmod("/tmp/script", 0o755)
    os.symlink("/etc/shadow", "/tmp/shadow"); os.symlink(f"/proc/1/{'root'}/etc/shadow", "/tmp/root")
    top = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    return {
        "setuid": raised("setuid"), "capable": raised("capable"),
        "exec": started("/tmp/python", "-c", "print(1)"), "script": started("/tmp/script"), "shm": started("/dev/shm/python", "-c", "print(1)"),
        "loader": started(loader, "/tmp/python", "-c", "print(1)"), "unnamed": forked(unnamed),
        "library": tried(ctypes.CDLL, "/tmp/x.so"), "map": tried(map_code, "/tmp/x.so"), "mprotect": tried(turn_to_code, "/tmp/x.so"),
        "memfd": tried(os.memfd_create, "x"),
        "own program": tried(lambda: open("/proc/self/exe", "r+b")), "interpreter": tried(lambda: open(sys.executable, "r+b")),
        "loader file": tried(lambda: open(loader, "r+b")), "runner": tried(lambda: open("/runner/runner.pyc", "r+b")),
        "hard link": tried(os.link, sys.executable, "/tmp/hard"), "hard link of code": tried(os.link, "/agent/main.py", "/tmp/hard2"),
        "rename": tried(os.rename, "/agent/main.py", "/tmp/main.py"), "shadow": tried(open, "/tmp/shadow"), "root link": tried(open, "/tmp/root"),
        "up": sorted(os.listdir("/../..")) == sorted(os.listdir("/")),
        "up by descriptor": os.stat("..", dir_fd=top).st_ino == os.fstat(top).st_ino,
        "block": tried(os.mknod, "/tmp/b", 0o600 | stat.S_IFBLK, os.makedev(254, 0)), "char": tried(os.mknod, "/tmp/c", 0o600 | stat.S_IFCHR, os.makedev(1, 1)),
        "whiteout": tried(lambda: (os.mknod("/tmp/w", 0o600 | stat.S_IFCHR, 0), open("/tmp/w"))), "fifo": tried(os.mkfifo, "/tmp/f"),
        "suid in tmp": tried(os.chmod, "/tmp/python", 0o4755), "give away": tried(os.chown, "/tmp/python", 0, 0),
        "capability": tried(os.setxattr, "/tmp/python", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000")),
        "device": tried(lambda: open("/dev/null", "wb").write(b"x")), "random": tried(lambda: open("/dev/random", "wb")),
        "crash": crash(),
    }
