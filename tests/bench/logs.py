"""logs: logs of other products in the shape that they have, for bench.

Each function writes at least n records into a file and returns how many.
"""


def audit(path, n):
    """An enriching auditd with a rule that watches what people run: seven records an event."""
    event = "".join("type=%s msg=audit({0}.{1:03}:{2}): %s\n" % record for record in (
        ("SYSCALL", "arch=c000003e syscall=59 success=yes exit=0 a0=55d782c96198 a1=55d782c96120 a2=55d782c96158 a3=1 "
         "items=2 ppid=26595 pid={3} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 "
         "ses=842 comm=\"logger\" exe=\"/usr/bin/logger\" key=\"exec\"\x1dARCH=x86_64 SYSCALL=execve AUID=\"amy\" "
         "UID=\"root\" GID=\"root\" EUID=\"root\" SUID=\"root\" FSUID=\"root\" EGID=\"root\" SGID=\"root\""),
        ("EXECVE", "argc=4 a0=\"logger\" a1=\"-t\" a2=\"backup\" a3=696E6372656D656E74616C206261636B7570"),
        ("CWD", "cwd=\"/srv/data/{4}\""),
        ("PATH", "item=0 name=\"/usr/bin/logger\" inode=312545 dev=00:13 mode=0100755 ouid=0 ogid=0 rdev=00:00 "
         "nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID=\"root\" OGID=\"root\""),
        ("PATH", "item=1 name=\"/lib64/ld-linux-x86-64.so.2\" inode=370637 dev=00:13 mode=0100755 ouid=0 ogid=0 "
         "rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID=\"root\" OGID=\"root\""),
        ("PROCTITLE", "proctitle=6C6F67676572002D74006261636B75700069"),
        ("EOE", "")))
    events = -(-n // 7)
    with open(path, "w", encoding="utf-8") as log:
        for i in range(events):
            log.write(event.format(1700000000 + i // 1000, i % 1000, i, i % 32768, i % 97))
    return 7 * events
