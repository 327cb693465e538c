# What can be reached over sockets. `inputs` names listeners of the host.
import struct, threading


def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as s:
        s.settimeout(5)
        s.connect(address)


def sendto():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("1.1.1.1", 53))


def option(level, name, value):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.setsockopt(level, name, value)


def asked(level, name, size):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.getsockopt(level, name, size)


def interface(request):
    import fcntl
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        fcntl.ioctl(s, request, struct.pack("16sHH4s8x8x", b"lo", socket.AF_INET, 0, socket.inet_aton("10.0.0.1")))


def lines(path):
    try:
        return open(path).readlines()
    except FileNotFoundError:
        return []


def main(inputs, ctx):
    host = inputs.get("port", 1)
    server = socket.create_server(("127.0.0.1", 0))
    try:
        server6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
        own6 = server6.getsockname()[:2]
    except OSError:
        own6 = ("::1", 1)  # Some engines switch version 6 off altogether.
    families = {name: getattr(socket, name) for name in dir(socket) if name.startswith(("AF_", "PF_"))}
    allowed = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
    return {
        "interfaces": [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line],
        "addresses": [[line.split()[0], line.split()[-1]] for line in lines("/proc/net/if_inet6")],
        "routes": open("/proc/net/route").read().strip().splitlines()[1:],
        "unreachable": {
            "v4": tried(connect, socket.AF_INET, ("1.1.1.1", 443)), "v6": tried(connect, socket.AF_INET6, ("2606:4700:4700::1111", 443)),
            "metadata": tried(connect, socket.AF_INET, ("169.254.169.254", 80)), "private": tried(connect, socket.AF_INET, ("10.0.0.1", 80)),
            "bridge": tried(connect, socket.AF_INET, ("172.17.0.1", 80)), "link local": tried(connect, socket.AF_INET6, ("fe80::1", 80, 0, 1)),
        },
        "host": {
            "tcp": tried(connect, socket.AF_INET, ("127.0.0.1", host)), "tcp by its other names": tried(connect, socket.AF_INET, ("127.9.9.9", host)),
            "any": tried(connect, socket.AF_INET, ("0.0.0.0", host)), "tcp6": tried(connect, socket.AF_INET6, ("::1", host)),
            "mapped": tried(connect, socket.AF_INET6, ("::ffff:127.0.0.1", host)),
            "abstract": tried(connect, socket.AF_UNIX, "\0" + inputs.get("abstract", "none")), "datagram": tried(connect, socket.AF_UNIX, "\0" + inputs.get("abstract", "none"), socket.SOCK_DGRAM),
            "path": tried(connect, socket.AF_UNIX, inputs.get("path", "/none")), "docker": tried(connect, socket.AF_UNIX, "/var/run/docker.sock"),
            "systemd": tried(connect, socket.AF_UNIX, "/run/systemd/private"), "bus": tried(connect, socket.AF_UNIX, "/run/dbus/system_bus_socket"),
        },
        "own": [tried(connect, socket.AF_INET, server.getsockname()), tried(connect, socket.AF_INET6, own6)],
        "udp": tried(sendto), "name": tried(socket.getaddrinfo, "example.com", 80),
        "localhost": sorted({a[4][0] for a in socket.getaddrinfo("localhost", 80)}),
        "families": {name: tried(socket.socket, family, kind) for name, family in families.items() if family not in allowed and family != 0
                     for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW)},
        "raised": {
            "mark": tried(option, socket.SOL_SOCKET, 36, 1), "force": tried(option, socket.SOL_SOCKET, 32, 1 << 30), "transparent": tried(option, 0, 19, 1),
            "repair": tried(option, 6, 19, 1), "iptables": tried(option, 0, 64, bytes(128)), "iptables asked": tried(asked, 0, 64, 84),
            "ip6tables": tried(option, 41, 64, bytes(128)), "priority": tried(option, socket.SOL_SOCKET, socket.SO_PRIORITY, 7), "bpf": tried(option, socket.SOL_SOCKET, 50, 3),
            "address": tried(interface, 0x8916), "flags": tried(interface, 0x8914), "route": tried(interface, 0x890B), "name": tried(interface, 0x8923),
        },
    }
