"""machine: what the bench ran on, for its results."""
import os
import sys
import time

QUIET = 1.0  # load above which figures say little
PATIENCE = 240  # seconds in which a load that is over has left the average


def load():
    return os.getloadavg()[0]


def quiet_load():
    """The load once it is low, or has stayed high: what ended a minute ago still counts."""
    if load() >= QUIET:
        print("waiting until the machine is quiet: load %.1f" % load(), file=sys.stderr, flush=True)
    begun = time.monotonic()
    while load() >= QUIET and time.monotonic() - begun < PATIENCE:
        time.sleep(5)
    return load()


def field(path, key):
    """The first value in lines `key : value`."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.partition("=" if "=" in line else ":")
            if name.strip() == key:
                return value.strip().strip('"')
    return ""


def file_system(folder):
    """The type of the file system that the folder is on."""
    with open("/proc/self/mounts", encoding="utf-8") as lines:
        mounts = [line.split()[1:3] for line in lines]
    folder = os.path.realpath(folder) + "/"
    at = max((mount for mount in mounts if folder.startswith(mount[0].rstrip("/") + "/")), key=lambda one: len(one[0]))
    return at[1]


def describe(folder):
    try:
        return {
            "processor": field("/proc/cpuinfo", "model name") or os.uname().machine,
            "cores": len(os.sched_getaffinity(0)),
            "memory": round(int(field("/proc/meminfo", "MemTotal").split()[0]) / 1048576, 1),  # GiB
            "system": field("/etc/os-release", "PRETTY_NAME"),
            "kernel": os.uname().release,
            "file system": file_system(folder),
        }
    except (OSError, IndexError, ValueError):  # not Linux
        return {"processor": os.uname().machine, "cores": os.cpu_count(), "memory": 0, "system": os.uname().sysname,
                "kernel": os.uname().release, "file system": ""}
