"""One probe, several acts: looks around, or runs into a limit. It tells what it met; what is right is judged outside."""
import ctypes, errno, os, signal, socket, subprocess, sys, time

NULL_DEVICE = os.makedev(1, 3)


def tried(act, *args):
    """How an attempt went: "done", or the name of the error it met."""
    try:
        act(*args)
        return "done"
    except OSError as error:
        return errno.errorcode.get(error.errno) or str(error)


def killed(act, *args):
    """`tried` in a child: what kills it is told as the signal's name."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, tried(act, *args).encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(pid, 0)
    said = os.read(read, 200).decode()
    os.close(read)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else said


def call(number, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, args)) == -1:
        raise OSError(ctypes.get_errno(), "")


def put(folder):
    path = os.path.join(folder, "frameos-check")
    with open(path, "w") as file:
        file.write("x")
    os.unlink(path)


def readable(path):
    try:
        with open(path, "rb") as file:
            return "readable" if file.read(1) else "empty"
    except OSError as error:
        return errno.errorcode[error.errno]


def writable(path):
    """Only opens: nothing is written, should the wall be missing. What is covered is the null device under that name."""
    try:
        if os.stat(path).st_rdev == NULL_DEVICE:
            return "covered"
    except OSError as error:
        return errno.errorcode[error.errno]
    return tried(lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)))


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(2)
        s.connect(address)


def execute():
    with open("/tmp/script", "w") as file:
        file.write("#!" + sys.executable + "\n")
    os.chmod("/tmp/script", 0o755)
    subprocess.run(["/tmp/script"])


def descriptors():
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink("/proc/self/fd/" + fd).split(":[")[0])
        except OSError:
            pass  # That of the listing itself.
    return found


def look(inputs):
    with open("/proc/self/status") as file:
        status = {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    with open("/proc/net/dev") as file:
        interfaces = [line.split(":")[0].strip() for line in file if ":" in line]
    return {
        "ids": sorted({number for name in ("Uid", "Gid", "Groups") for number in status[name].split()}),
        "capabilities": {name: status[name] for name in status if name.startswith("Cap")},
        "no_new_privs": status["NoNewPrivs"],
        "seccomp": status["Seccomp"],
        "calls": {name: killed(call, *numbers) for name, numbers in inputs["calls"].items()},
        "namespaces": {name: os.readlink("/proc/self/ns/" + name) for name in inputs["namespaces"]},
        "hostname": socket.gethostname(),
        "processes": [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()],
        "interfaces": interfaces,
        "outside": {address: tried(connect, socket.AF_INET, (address, 443)) for address in ("1.1.1.1", "10.0.0.1")},
        "host": {
            "tcp": tried(connect, socket.AF_INET, ("127.0.0.1", inputs["port"])),
            "abstract socket": tried(connect, socket.AF_UNIX, "\0" + inputs["abstract"]),
        },
        "families": {"netlink": tried(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW),
                     "packet": tried(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)},
        "read_only": {place: tried(put, place) for place in inputs["places"]},
        "tmp": tried(put, "/tmp"),
        "execute": tried(execute),
        "covered": {name: readable("/proc/" + name) for name in inputs["covered"]},
        "settings": {name: writable("/proc/" + name) for name in inputs["settings"]},
        "sys": tried(os.listdir, "/sys"),
        "comm": writable("/proc/self/comm"),
        "environment": list(os.environ),
        "descriptors": descriptors(),
    }


def hog(inputs):
    kept = []
    while True:
        kept.append(bytearray(b"x" * (4 << 20)))


def multiply(inputs):
    made = 0
    while made < inputs["most"]:
        try:
            if os.fork() == 0:
                signal.pause()
        except OSError as error:
            return {"made": made, "met": errno.errorcode[error.errno]}
        made += 1
    return {"made": made, "met": "no limit"}


def fill(inputs):
    written = 0
    try:
        with open("/tmp/full", "wb", buffering=0) as file:
            while written < inputs["most"]:
                written += file.write(bytes(1 << 20))
    except OSError as error:
        return {"written": written, "met": errno.errorcode[error.errno]}
    return {"written": written, "met": "no limit"}


def burn(inputs):
    os.fork()
    end = time.monotonic() + inputs["seconds"]
    while time.monotonic() < end:
        pass


def stay(inputs):
    """Two that do not want to end, in sessions of their own."""
    signal.signal(signal.SIGTERM, lambda *_: print("SIGTERM", flush=True))
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


def main(inputs, ctx):
    return globals()[inputs["act"]](inputs)
